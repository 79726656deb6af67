package views

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/static"
)

const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func demoKeys(n int) []db.Key {
	now := time.Now()
	var out []db.Key
	names := []string{"Nightly export", "laptop key", "CRM sync (HubSpot)", "Grafana", "data-warehouse-loader-eu-west-1-production-really-long-name-here-64", "مفتاح التقارير", "<b>bold</b>"}
	for i := range n {
		k := db.Key{ID: db.NewID(), Name: names[i%len(names)], Prefix: "in-4fG7kQ" + fmt.Sprintf("%02d", i%100), Role: db.Roles[i%4],
			Description: []string{"Runs at 2:00 on build-7; the key is in Vault under insighto/nightly.", "My own scripts.", "Keeps contacts in step with HubSpot. Owner: Dana. Lives in the HubSpot private app's secrets; rotate each quarter, and tell the sales team before doing so, since the sync stops for as long as it takes to put the new key in. Ask in #crm first. Thanks a lot, really."}[i%3], CreatedAt: now.Add(-time.Duration(i*31) * time.Hour)}
		if i%3 != 1 {
			k.LastUsed = db.KeyUse{At: now.Add(-time.Duration(i*i*7+3) * time.Minute), Method: "GET", Route: []string{"/api/v1/contact", "/api/v1/conversation/{conversation_id}/transcript"}[i%2], Status: 200, Address: "203.0.113.7", UserAgent: "python-requests/2.32.3"}
		}
		if i%5 == 3 {
			k.RevokedAt = now.Add(-5 * time.Hour)
		}
		out = append(out, k)
	}
	return out
}

func TestPreview(t *testing.T) {
	addr := os.Getenv("PREVIEW")
	if addr == "" {
		t.Skip()
	}
	var mu sync.Mutex
	keys := map[string][]db.Key{"3": demoKeys(3), "0": nil, "7": demoKeys(7), "1000": demoKeys(1000)}
	set := "7"
	visitor := &db.Visitor{User: db.User{Name: "Dana Petrov", Email: "dana@example.com"}, Team: db.Team{Name: "Harbour Dental"}, Session: db.Session{ID: "s1"}}
	page := func(r *http.Request, title string) Page {
		return Page{Title: title, Path: r.URL.Path, Visitor: visitor, Now: time.Now()}
	}
	render := func(w http.ResponseWriter, status int, c templ.Component) {
		var b bytes.Buffer
		start := time.Now()
		if err := c.Render(context.Background(), &b); err != nil {
			panic(err)
		}
		w.Header().Set("Content-Security-Policy", csp)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Server-Timing", fmt.Sprintf("render;dur=%.3f", float64(time.Since(start).Microseconds())/1000))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write(b.Bytes())
	}
	key := func(r *http.Request) (db.Key, int) {
		for i, k := range keys[set] {
			if k.ID == r.PathValue("id") {
				return k, i
			}
		}
		return db.Key{}, -1
	}
	mux := http.NewServeMux()
	get := func(path string, f func(w http.ResponseWriter, r *http.Request)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { mu.Lock(); defer mu.Unlock(); f(w, r) })
	}
	mux.HandleFunc("GET /static/{name}", func(w http.ResponseWriter, r *http.Request) {
		body, ct, ok := static.Open(r.PathValue("name"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", ct)
		_, _ = w.Write(body)
	})
	get("GET /use/{set}", func(w http.ResponseWriter, r *http.Request) {
		set = r.PathValue("set")
		keys[set] = demoKeys(len(keys[set]))
	})
	get("GET /login", func(w http.ResponseWriter, r *http.Request) {
		p := page(r, "Sign in")
		p.Visitor = nil
		render(w, 200, Login(p, Form{}, "/settings/api-keys"))
	})
	get("POST /login", func(w http.ResponseWriter, r *http.Request) {
		p := page(r, "Sign in")
		p.Visitor = nil
		render(w, 401, Login(p, Form{Values: map[string]string{"email": r.FormValue("email")}, Whole: "That e-mail and password do not belong together. Check both and try again."}, "/"))
	})
	get("GET /setup", func(w http.ResponseWriter, r *http.Request) {
		p := page(r, "Set up")
		p.Visitor = nil
		f := Form{}
		if r.FormValue("wrong") != "" {
			f = Form{Values: map[string]string{"team": "Harbour Dental", "email": "dana"}, Errors: map[string]string{"email": "That is no e-mail address we can use. It looks like name@example.com.", "password": "A password needs 15 characters or more."}}
		}
		render(w, 200, Setup(p, f))
	})
	get("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		f := Facts{Conversations: 2628, Contacts: 1431, Assistants: 6, Keys: 3, BaseURL: "http://localhost:8080"}
		if r.FormValue("empty") != "" {
			f = Facts{BaseURL: "http://localhost:8080"}
		}
		render(w, 200, Overview(page(r, "Overview"), f))
	})
	get("GET /settings/api-keys", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.ParseInt(r.FormValue("page"), 10, 64)
		n = max(n, 1)
		all := keys[set]
		lo, hi := min(int64(len(all)), (n-1)*50), min(int64(len(all)), n*50)
		render(w, 200, Keys(page(r, "API Keys"), db.List[db.Key]{Items: all[lo:hi], Total: int64(len(all)), Page: db.Page{Number: n, Size: 50}}))
	})
	get("GET /settings/api-keys/new", func(w http.ResponseWriter, r *http.Request) {
		render(w, 200, NewKey(page(r, "Create key"), Form{}))
	})
	get("POST /settings/api-keys", func(w http.ResponseWriter, r *http.Request) {
		f := Form{Values: map[string]string{}, Errors: map[string]string{}}
		for _, n := range []string{"name", "role", "description"} {
			f.Values[n] = r.FormValue(n)
			if f.Values[n] == "" {
				f.Errors[n] = "This is required, with at least one letter or digit."
			}
		}
		if f.Values["name"] == "boom" {
			p := page(r, "Error")
			render(w, 503, Failed(p, Failure{Status: 503, Title: "Not now", Text: "The database does not answer right now. Try again in a moment.", RequestID: "0199"}))
			return
		}
		if f.Values["name"] == "slow" {
			time.Sleep(3 * time.Second)
		}
		if len(f.Errors) > 0 {
			render(w, 422, NewKey(page(r, "Create key"), f))
			return
		}
		role, _ := db.RoleByID(f.Values["role"])
		secret := "in-" + strings.Repeat("Ab3", 14) + "Z"
		k := db.Key{ID: db.NewID(), Name: f.Values["name"], Role: role, Description: f.Values["description"], Prefix: secret[:11], CreatedAt: time.Now()}
		keys[set] = append([]db.Key{k}, keys[set]...)
		render(w, 200, MadeKey(page(r, "Your new key"), Made{Key: k, Secret: secret,
			Curl: "curl 'http://localhost:8080/api/v1/conversation?date_from=2026-11-01&date_to=2026-11-30&api_key=" + secret + "'",
			Env:  "INSIGHTO_URL=http://localhost:8080\nINSIGHTO_API_KEY=" + secret}))
	})
	one := func(suffix string, f func(Page, db.Key) templ.Component) {
		get("GET /settings/api-keys/{id}"+suffix, func(w http.ResponseWriter, r *http.Request) {
			k, i := key(r)
			if i < 0 {
				render(w, 404, Failed(page(r, "Not found"), Failure{404, "Not found", "There is no such key. It may have been deleted, or the address is mistyped.", "01990b1e-7d3f"}))
				return
			}
			render(w, 200, f(page(r, k.Name), k))
		})
	}
	one("", Key)
	one("/revocation", RevokeKey)
	one("/deletion", DeleteKey)
	get("POST /settings/api-keys/{id}/revoke", func(w http.ResponseWriter, r *http.Request) {
		_, i := key(r)
		keys[set][i].RevokedAt = time.Now()
		http.Redirect(w, r, "/settings/api-keys", 303)
	})
	get("POST /settings/api-keys/{id}/delete", func(w http.ResponseWriter, r *http.Request) {
		_, i := key(r)
		keys[set] = append(keys[set][:i:i], keys[set][i+1:]...)
		http.Redirect(w, r, "/settings/api-keys", 303)
	})
	get("GET /settings/security", func(w http.ResponseWriter, r *http.Request) {
		f := Form{}
		if r.FormValue("wrong") != "" {
			f.Errors = map[string]string{"current": "That is not your current password. Type it again."}
		}
		now := time.Now()
		render(w, 200, Security(page(r, "Security"), []db.Session{
			{ID: "s1", CreatedAt: now.Add(-48 * time.Hour), SeenAt: now, Address: "203.0.113.7", UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"},
			{ID: "s2", CreatedAt: now.Add(-248 * time.Hour), SeenAt: now.Add(-5 * time.Hour), Address: "2001:db8::1", UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"},
		}, f, r.FormValue("changed") != ""))
	})
	get("GET /failed", func(w http.ResponseWriter, r *http.Request) {
		p := page(r, "Not found")
		if r.FormValue("out") != "" {
			p.Visitor = nil
		}
		render(w, 404, Failed(p, Failure{404, "Not found", "There is no page at this address. It may be mistyped.", "01990b1e-7d3f-7c11-9a54-3f6f6d2c9b1a"}))
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = http.Serve(l, mux)
}

func TestSizes(t *testing.T) {
	if os.Getenv("SIZES") == "" {
		t.Skip()
	}
	zip := func(b []byte) int {
		var out bytes.Buffer
		w, _ := gzip.NewWriterLevel(&out, 5)
		_, _ = w.Write(b)
		_ = w.Close()
		return out.Len()
	}
	for _, n := range []string{"app.css", "app.js", "htmx.min.js"} {
		b, _, _ := static.Open(strings.TrimPrefix(static.URL(n), "/static/"))
		g, _, _ := static.OpenGzip(strings.TrimPrefix(static.URL(n), "/static/"))
		t.Log(n, len(b), len(g))
	}
	var b bytes.Buffer
	p := Page{Title: "x", Path: "/settings/api-keys", Visitor: &db.Visitor{}, Now: time.Now()}
	list := db.List[db.Key]{Items: demoKeys(50), Total: 1000, Page: db.Page{Number: 2, Size: 50}}
	for range 5 {
		b.Reset()
		start := time.Now()
		_ = Keys(p, list).Render(context.Background(), &b)
		t.Log("keys render", time.Since(start), b.Len(), zip(b.Bytes()))
	}
	b.Reset()
	_ = NewKey(p, Form{}).Render(context.Background(), &b)
	t.Log("new", b.Len(), zip(b.Bytes()))
}
