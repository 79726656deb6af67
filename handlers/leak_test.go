package handlers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers"
	"github.com/insighto/insighto/handlers/limit"
)

// TestLeak runs the whole product with one marked key and then searches every byte that left it or stayed in it.
func TestLeak(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		p := newProbe(t, target)
		p.makeKey()
		p.usePages()
		p.useAPI()
		p.misplaceKey()
		p.panics()
		p.flush()
		p.keep("while the key works")
		p.stop()
		p.keep("after the key is deleted")
		p.loseDatabase()
		p.searchAll()
	})
}

// probe is a world that keeps all that comes out of it.
type probe struct {
	*world
	target  string
	metrics *handlers.Metrics
	armed   atomic.Bool // the clock panics once, with the key in what it says
	secret  string
	key     db.Key
	cookie  string
	seen    []sighting
}

// sighting is something to be searched: an answer, the log, a file, a column.
type sighting struct {
	where string
	what  []byte
	kept  bool // in a database, where the digest has its place
}

func newProbe(t *testing.T, target string) *probe {
	w := newWorld(t, dbtest.Open(t, target, time.Now))
	p := &probe{world: w, target: target}
	now := func() time.Time {
		if p.armed.CompareAndSwap(true, false) {
			panic("the clock broke while it held " + p.secret)
		}
		return time.Now()
	}
	p.metrics = handlers.NewMetrics(w.Store, w.Usage)
	w.Handler = w.Program(func(c *handlers.Config) {
		c.Limits, c.Metrics, c.Now = limit.NewLimiter(w.Store, w.Logger(), 10_000, time.Now), p.metrics, now
	})
	if _, err := w.Store.Import(context.Background(), w.Ada, conversations(3)); err != nil {
		t.Fatal(err)
	}
	p.cookie = w.SignIn("ada@a.example")
	return p
}

// makeKey marks the key that the page shows. It is the one answer that is not searched.
func (p *probe) makeKey() {
	p.T.Helper()
	rec := p.Post("/settings/api-keys", p.cookie, url.Values{"name": {"marked"}, "role": {"conversations_export"}, "description": {"Is it seen anywhere?"}})
	p.secret = keyOn(rec.Body.String())
	if rec.Code != http.StatusOK || p.secret == "" {
		p.T.Fatalf("no key is shown: %d %s", rec.Code, rec.Body)
	}
	for name, values := range rec.Header() {
		p.see("a header of the answer that shows the key", []byte(name+": "+strings.Join(values, ",")))
	}
	list, err := p.Store.Keys(context.Background(), p.Ada, db.Page{Number: 1, Size: 1})
	if err != nil || list.Total != 1 {
		p.T.Fatalf("%d keys (%v), want 1", list.Total, err)
	}
	p.key = list.Items[0]
	p.see("what the store gives of the key", fmt.Appendf(nil, "%+v %#v", p.key, p.key))
}

func (p *probe) see(where string, what []byte) {
	p.seen = append(p.seen, sighting{where: where, what: what})
}

// ask sends a request, keeps the answer, and wants a status.
func (p *probe) ask(want int, method, target, body string, headers ...string) {
	p.T.Helper()
	rec := p.answer(method, target, body, headers...)
	var b bytes.Buffer
	_ = rec.Result().Header.Write(&b)
	b.Write(rec.Body.Bytes())
	where := method + " " + strings.ReplaceAll(target, p.secret, "KEY")
	p.see(where, b.Bytes())
	if rec.Code != want {
		p.T.Errorf("%s: got %d, want %d: %.300s", where, rec.Code, want, rec.Body)
	}
}

// answer is do whose headers replace the usual ones.
func (p *probe) answer(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	p.Handler.ServeHTTP(rec, r)
	return rec
}

func (p *probe) form(want int, path, body string) {
	p.T.Helper()
	p.ask(want, http.MethodPost, path, body, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin", "Cookie", p.cookie)
}

// usePages looks at every page there is after the key was shown.
func (p *probe) usePages() {
	for _, path := range []string{"/", "/conversations", "/conversations?status=open&after=" + p.secret, "/conversations/" + conversationID(1),
		"/contacts", "/contacts?search=" + p.secret, "/contacts/" + dev, "/assistants", "/settings/api-keys", "/settings/api-keys?page=2", "/settings/api-keys/new", "/settings/team", "/settings/profile", "/settings/security",
		"/settings/usage", "/settings/usage?days=365", "/settings/usage/days.csv", "/settings/usage/keys.csv", "/settings/usage/routes.csv",
		"/settings/api-keys/" + p.key.ID + "/usage/times.csv", "/settings/api-keys/" + p.key.ID + "/usage/routes.csv",
		"/settings/api-keys/" + p.key.ID + "/usage/addresses.csv", "/settings/api-keys/" + p.key.ID + "/usage/requests.csv",
		"/settings/api-keys/" + p.key.ID, "/settings/api-keys/" + p.key.ID + "/revocation", "/settings/api-keys/" + p.key.ID + "/deletion"} {
		p.ask(200, http.MethodGet, path, "", "Cookie", p.cookie)
		p.ask(200, http.MethodGet, path, "", "Cookie", p.cookie, "HX-Request", "true")
		p.ask(303, http.MethodGet, path, "")
		p.ask(401, http.MethodGet, path, "", "HX-Request", "true")
	}
	p.form(422, "/settings/profile", "name="+p.secret)
	p.ask(422, http.MethodGet, "/conversations?from="+p.secret+"&to=x"+p.secret+"&assistant="+p.secret+"&status="+p.secret, "", "Cookie", p.cookie)
	p.ask(200, http.MethodGet, "/login", "")
	p.ask(303, http.MethodGet, "/setup", "")
	p.ask(200, http.MethodGet, "/healthz", "")
	p.ask(200, http.MethodGet, "/readyz", "")
	p.ask(404, http.MethodGet, "/metrics", "")
}

// useAPI uses the key as it is meant to be used, with every answer that it can get.
func (p *probe) useAPI() {
	key := "api_key=" + p.secret
	days := "date_from=2026-11-01&date_to=2026-11-30&"
	for _, c := range []struct {
		status int
		method string
		target string
	}{
		{200, "GET", "/api/v1/key?" + key},
		{200, "GET", "/api/v1/key?api%5Fkey=" + percent(p.secret, "%%%02x")},
		{200, "GET", "/api/v1/user?" + key},
		{200, "GET", "/api/v1/user/list/orgs?" + key},
		{200, "GET", "/api/v1/conversation?" + days + key},
		{200, "GET", "/api/v1/conversation/" + conversationID(0) + "?" + key},
		{200, "GET", "/api/v1/conversation/" + conversationID(0) + "/transcript?" + key},
		{200, "GET", "/api/v1/assistant?" + key},
		{200, "GET", "/api/v1/widget?" + key},
		{400, "GET", "/api/v1/key?" + key + "&" + key},
		{400, "GET", "/api/v1/key?" + key + ";x=1"},
		{400, "GET", "/api/v1/key?" + key + "&x=%zz"},
		{401, "GET", "/api/v1/key?" + key + "A"},
		{401, "GET", "/api/v1/key?api_key=" + p.secret[3:]},
		{401, "GET", "/api/v1/key?api_key=" + percent(p.secret, "%%25%02X")},
		{403, "GET", "/api/v1/contact?" + key},
		{403, "GET", "/api/v1/usage?" + key},
		{403, "GET", "/api/v1/usage?date_from=" + p.secret + "&timezone=" + p.secret + "&" + key},
		{404, "GET", "/api/v1/conversation/" + missing + "?" + key},
		{404, "GET", "/api/v1/nothing?" + key},
		{404, "GET", "/api/v1/key/?" + key},
		{404, "GET", "//api/v1/key?" + key},
		{405, "POST", "/api/v1/key?" + key},
		{200, "HEAD", "/api/v1/key?" + key},
		{422, "GET", "/api/v1/conversation?" + key},
		{422, "GET", "/api/v1/conversation?date_from=" + p.secret + "&date_to=" + p.secret + "&timezone=" + p.secret + "&" + key},
		{422, "GET", "/api/v1/conversation?" + days + "status=" + p.secret + "&assistant_id=" + p.secret + "&includes_voice=" + p.secret + "&" + key},
		{422, "GET", "/api/v1/assistant?page=" + p.secret + "&size=" + p.secret + "&" + key},
		{422, "GET", "/api/v1/assistant?page=1&page=" + p.secret + "&" + key},
		{422, "GET", "/api/v1/assistant?" + p.secret + "=%FF&" + key},
	} {
		p.ask(c.status, c.method, c.target, "")
	}
}

// misplaceKey puts the key wherever else somebody could put it, by mistake or to have it kept.
func (p *probe) misplaceKey() {
	k, good := p.secret, "?api_key="+p.secret
	p.ask(401, "GET", "/api/v1/key", "", "Authorization", "Bearer "+k)
	p.ask(401, "GET", "/api/v1/key", "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(k+":")))
	p.ask(401, "GET", "/api/v1/key", "", "X-API-Key", k)
	p.ask(401, "GET", "/api/v1/key", "", "Cookie", "api_key="+k)
	p.ask(401, "GET", "/api/v1/key", `{"api_key":"`+k+`"}`, "Content-Type", "application/json")
	p.ask(401, "GET", "/api/v1/key?apikey="+k, "")
	p.ask(401, "GET", "/api/v1/key?token="+k+"&access_token="+k+"&"+k, "")
	p.ask(200, "GET", "/api/v1/key"+good, "", "User-Agent", "curl/8 "+k, "Referer", "http://localhost/?api_key="+k, "X-Request-Id", k, "X-Forwarded-For", k, k, k, "Origin", "http://"+k)
	for _, spelt := range []string{k, percent(k, "%%%02x"), percent(k, "%%%02X"), percent(k, "%%25%02x"), "x" + k + "x"} {
		p.ask(422, "GET", "/api/v1/conversation/"+spelt+good, "")
		p.ask(404, "GET", "/api/v1/"+spelt, "")
		p.ask(404, "GET", "/"+spelt, "")
		p.ask(404, "GET", "/static/"+spelt, "")
		p.ask(303, "GET", "/settings/api-keys/"+spelt, "")
		p.ask(401, "GET", "/settings/api-keys/"+spelt, "", "HX-Request", "true")
		p.ask(404, "GET", "/settings/api-keys/"+spelt, "", "Cookie", p.cookie)
		p.form(404, "/settings/api-keys/"+spelt+"/revoke", "")
	}
	p.ask(405, k, "/api/v1/key", "")
	p.ask(405, k, "/login", "")
	p.ask(200, "GET", "/login?next=/settings?api_key="+k, "")
	p.ask(200, "GET", "/login?next="+url.QueryEscape("/settings?x="+percent(k, "%%%02x")), "")
	p.ask(303, "GET", "/settings/api-keys"+good, "")
	p.ask(200, "GET", "/settings/api-keys"+good, "", "Cookie", p.cookie+"; k="+k)
	p.ask(401, "POST", "/login", "email="+k+"&password="+k+"&next=/"+k, "Content-Type", "application/x-www-form-urlencoded", "User-Agent", k)
	p.ask(303, "POST", "/login", "email=ada@a.example&password="+url.QueryEscape(passphrase)+"&next=/"+k, "Content-Type", "application/x-www-form-urlencoded", "User-Agent", k)
	p.form(422, "/settings/api-keys", "name="+k+"&description="+k+"&role="+k)
	p.ask(422, "GET", "/settings/usage?from="+k+"&to="+percent(k, "%%%02x"), "", "Cookie", p.cookie)
	p.ask(422, "GET", "/settings/usage?from="+percent(k, "%%25%02x")+"&to="+k, "", "Cookie", p.cookie)
	p.ask(422, "GET", "/settings/usage/requests?id="+k, "", "Cookie", p.cookie)
	p.ask(422, "GET", "/settings/usage/requests?id=x"+percent(k, "%%25%02x"), "", "Cookie", p.cookie)
	p.ask(404, "GET", "/settings/usage/requests/"+k, "", "Cookie", p.cookie)
	p.ask(404, "GET", "/settings/usage/"+k+".csv", "", "Cookie", p.cookie)
	p.ask(200, "GET", "/settings/usage?days="+k, "", "Cookie", p.cookie+"; zone="+k)
	p.ask(200, "GET", "/settings/api-keys/"+p.key.ID+"?span="+k, "", "Cookie", p.cookie+"; zone="+percent(k, "%%%02x"))
	p.form(422, "/settings/api-keys", "name="+k+"&name="+k)
	p.form(422, "/settings/security/password", "current="+k+"&password="+k)
	p.ask(403, "POST", "/settings/api-keys/"+k+"/revoke", "x="+k, "Cookie", p.cookie, "Origin", "http://"+k+".example")
}

// panics breaks the clock on the way of requests that carry the key.
func (p *probe) panics() {
	for _, c := range []struct {
		status int
		target string
	}{
		{500, "/settings/api-keys/new?api_key=" + p.secret},
		{500, "/api/v1/key?api_key=in-" + strings.Repeat("A", 43) + "&x=" + p.secret},
		{200, "/api/v1/key?api_key=" + p.secret}, // the answer is out when it breaks
	} {
		p.armed.Store(true)
		p.ask(c.status, "GET", c.target, "", "Cookie", p.cookie, "User-Agent", p.secret)
		if p.armed.Swap(false) {
			p.T.Errorf("%d: nothing panicked", c.status)
		}
	}
	if !strings.Contains(p.Log.String(), "the clock broke while it held in-[redacted]") {
		p.T.Error("no panic is in the log: nothing is proved")
	}
}

func (p *probe) flush() {
	p.T.Helper()
	p.ask(200, "GET", "/api/v1/key?api_key="+p.secret, "", "User-Agent", "curl/8 "+p.secret+" "+percent(p.secret, "%%%02x"))
	if err := p.Usage.Flush(context.Background()); err != nil {
		p.T.Fatal(err)
	}
	requests, err := p.Store.KeyRequests(context.Background(), p.Ada, p.key.ID, time.Time{}, 1000)
	if err != nil || len(requests) < 20 {
		p.T.Fatalf("the log has %d requests (%v): nothing is proved", len(requests), err)
	}
	p.see("the log of requests", fmt.Appendf(nil, "%+v", requests))
	p.ask(200, "GET", "/settings/usage/requests/"+requests[0].ID, "", "Cookie", p.cookie)
	p.usePages() // with what was written of the last use
	if kept, err := p.Store.Key(context.Background(), p.Ada, p.key.ID); err != nil || kept.LastUsed.UserAgent != "[redacted]" {
		p.T.Errorf("kept of a program that names itself after the key: %q (%v)", kept.LastUsed.UserAgent, err)
	}
}

// stop revokes and deletes the key on the page, and looks at what is left.
func (p *probe) stop() {
	at := "/settings/api-keys/" + p.key.ID
	p.form(303, at+"/revoke", "")
	p.ask(401, "GET", "/api/v1/key?api_key="+p.secret, "")
	p.usePages()
	p.form(303, at+"/delete", "api_key="+p.secret)
	p.ask(401, "GET", "/api/v1/key?api_key="+p.secret, "")
	p.ask(404, "GET", at, "", "Cookie", p.cookie)
	p.ask(200, "GET", "/settings/api-keys", "", "Cookie", p.cookie)
}

// keep looks at what the database is made of: its files and a backup, or every column of every table.
func (p *probe) keep(when string) {
	p.T.Helper()
	keep := func(where string, what []byte) {
		p.seen = append(p.seen, sighting{where: where + " " + when, what: what, kept: true})
	}
	if db.IsPostgres(p.target) {
		for column, text := range dump(p.T, p.target) {
			keep(column, text)
		}
		return
	}
	backup := filepath.Join(p.T.TempDir(), "backup.db")
	if err := p.Store.Backup(context.Background(), backup); err != nil {
		p.T.Fatal(err)
	}
	files := 0
	for _, file := range []string{backup, p.target, p.target + "-wal", p.target + "-shm"} {
		body, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			p.T.Fatal(err)
		}
		if err == nil {
			files++
			keep(filepath.Base(file), body)
		}
	}
	if files < 3 {
		p.T.Errorf("%d files were found, want the database, its log and a backup", files)
	}
}

// dump gives every column of a PostgreSQL database as text.
func dump(t testing.TB, target string) map[string][]byte {
	t.Helper()
	handle := dbtest.Handle(t, target)
	rows, err := handle.Query(`
		SELECT table_name, column_name
		FROM information_schema.columns
		WHERE table_schema = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns := map[string][]byte{}
	var names [][2]string
	for rows.Next() {
		var n [2]string
		if err := rows.Scan(&n[0], &n[1]); err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	}
	if err := rows.Err(); err != nil || len(names) < 50 {
		t.Fatalf("%d columns (%v)", len(names), err)
	}
	for _, n := range names {
		var all *string
		if err := handle.QueryRow(fmt.Sprintf(`SELECT STRING_AGG("%s"::text, E'\n') FROM "%s"`, n[1], n[0])).Scan(&all); err != nil {
			t.Fatal(err)
		}
		if all != nil {
			columns[n[0]+"."+n[1]] = []byte(*all)
		}
	}
	return columns
}

// loseDatabase closes the database under the program.
func (p *probe) loseDatabase() {
	p.Store.Close()
	for _, path := range []string{"/api/v1/key?api_key=" + p.secret, "/api/v1/assistant?api_key=" + p.secret, "/settings/api-keys?x=" + p.secret, "/readyz?x=" + p.secret} {
		rec := p.answer("GET", path, "", "Cookie", p.cookie, "User-Agent", p.secret)
		p.see("without a database", rec.Body.Bytes())
		if rec.Code != 500 && rec.Code != 503 {
			p.T.Errorf("without a database: got %d, want 500 or 503", rec.Code)
		}
	}
	if err := p.Usage.Flush(context.Background()); err != nil {
		p.see("an error of the flush", []byte(err.Error()))
	}
}

// searchAll wants the secret nowhere, and its digest in the database only, as bytes.
func (p *probe) searchAll() {
	p.see("the log", []byte(p.Log.String()))
	p.see("the metrics", []byte(scrape(p.T, p.metrics)))
	secret, digest := spellings(p.secret), digests(p.secret)
	for _, s := range p.seen {
		if where, how := found(s.what, secret); how != "" {
			p.T.Errorf("the key is in %s, %s: %.200q", s.where, how, around(s.what, where))
		}
		if where, how := found(s.what, digest); how != "" && !(s.kept && (how == "as bytes" || strings.HasPrefix(s.where, "keys.digest "))) {
			p.T.Errorf("the key's digest is in %s, %s: %.200q", s.where, how, around(s.what, where))
		}
	}
	if len(p.seen) < 150 || !strings.Contains(p.Log.String(), `"msg":"request"`) {
		p.T.Errorf("%d things were searched: nothing is proved", len(p.seen))
	}
}

func around(what []byte, at int) []byte { return what[max(0, at-60):min(len(what), at+60)] }

// spelling is one way to write a secret, or a part of it that nobody writes by chance.
type spelling struct {
	how  string
	text []byte
	fold bool // letters count in either case
}

// spellings gives the ways in which a key could be written. Beyond the eight characters that may be shown, any
// sixteen in a row at three places betray it, so that a key that was cut short is found too.
func spellings(secret string) []spelling {
	body := strings.TrimPrefix(secret, "in-")
	var all []spelling
	for _, piece := range []string{body[9:25], body[18:34], body[27:43]} {
		all = append(all,
			spelling{"plain", []byte(piece), true},
			spelling{"percent-encoded", []byte(percent(piece, "%%%02x")), true},
			spelling{"percent-encoded twice", []byte(percent(piece, "%%25%02x")), true},
			spelling{"as hex", []byte(hex.EncodeToString([]byte(piece))), true},
			spelling{"as JSON escapes", []byte(percent(piece, `\u00%02x`)), true},
			spelling{"as HTML escapes", []byte(percent(piece, "&#%d;")), false},
			spelling{"as UTF-16", []byte(strings.Join(strings.Split(piece, ""), "\x00")), false})
		all = append(all, inBase64([]byte(piece))...)
	}
	return all
}

// digests gives the ways in which a key's SHA-256 could be written.
func digests(secret string) []spelling {
	var all []spelling
	for _, text := range []string{secret, strings.TrimPrefix(secret, "in-")} {
		sum := sha256.Sum256([]byte(text))
		all = append(all, spelling{"as bytes", sum[:], false}, spelling{"as hex", []byte(hex.EncodeToString(sum[:])), true})
		all = append(all, inBase64(sum[:])...)
	}
	return all
}

// inBase64 gives the characters that text has within any longer text, in both alphabets: by where it begins, the
// first and last characters also depend on what stands beside it and are left out.
func inBase64(text []byte) []spelling {
	var all []spelling
	for before := range 3 {
		coded := base64.StdEncoding.EncodeToString(append(make([]byte, before), text...))
		coded = coded[(before*8+5)/6 : (before+len(text))*8/6]
		how := fmt.Sprintf("in base64 at %d", before)
		all = append(all, spelling{how, []byte(coded), false}, spelling{how, []byte(strings.NewReplacer("+", "-", "/", "_").Replace(coded)), false})
	}
	return all
}

// found gives where a spelling stands in what, and which; how is empty when none does.
func found(what []byte, spellings []spelling) (where int, how string) {
	folded := bytes.ToLower(what)
	for _, s := range spellings {
		in, text := what, s.text
		if s.fold {
			in, text = folded, bytes.ToLower(s.text)
		}
		if i := bytes.Index(in, text); i >= 0 {
			return i, s.how
		}
	}
	return -1, ""
}

func TestLeakSearch(t *testing.T) {
	const secret = "in-4fG7kQ2xA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r"
	sum := sha256.Sum256([]byte(secret))
	planted := map[string]string{
		"plain":                    secret,
		"without its mark":         secret[3:],
		"in capitals":              strings.ToUpper(secret),
		"as a header's name":       http.CanonicalHeaderKey(secret),
		"cut short":                secret[:32],
		"without its beginning":    secret[20:],
		"percent-encoded":          percent(secret, "%%%02x"),
		"percent-encoded, upper":   percent(secret, "%%%02X"),
		"percent-encoded twice":    percent(secret, "%%25%02X"),
		"hex":                      hex.EncodeToString([]byte(secret)),
		"hex, upper":               strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"JSON escapes":             percent(secret, `\u00%02X`),
		"HTML escapes":             percent(secret, "&#%d;"),
		"UTF-16":                   strings.Join(strings.Split(secret, ""), "\x00"),
		"base64, standard, at 0":   base64.StdEncoding.EncodeToString([]byte(secret + "?>?>")),
		"base64, standard, at 1":   base64.StdEncoding.EncodeToString([]byte("~" + secret + "?>?>")),
		"base64, standard, at 2":   base64.StdEncoding.EncodeToString([]byte("~~" + secret + "?>?>")),
		"base64, unmarked, at 0":   base64.URLEncoding.EncodeToString([]byte(secret[3:])),
		"base64, URL, at 1":        base64.RawURLEncoding.EncodeToString([]byte("?" + secret)),
		"base64, URL, at 2":        base64.RawURLEncoding.EncodeToString([]byte("?>" + secret)),
		"base64 of name and key":   base64.StdEncoding.EncodeToString([]byte("api_key:" + secret)),
		"base64 of key and nobody": base64.StdEncoding.EncodeToString([]byte(secret + ":")),
	}
	for name, text := range planted {
		if _, how := found([]byte("some junk "+text+" and more"), spellings(secret)); how == "" {
			t.Errorf("%s is not found", name)
		}
	}
	for name, text := range map[string]string{
		"bytes": string(sum[:]), "hex": hex.EncodeToString(sum[:]), "base64": base64.StdEncoding.EncodeToString(sum[:]),
		"base64, URL, at 1": base64.RawURLEncoding.EncodeToString(append([]byte{1}, sum[:]...)),
		"base64 at 2":       base64.StdEncoding.EncodeToString(append([]byte{1, 2}, sum[:]...)),
	} {
		if _, how := found([]byte("some junk "+text+" and more"), digests(secret)); how == "" {
			t.Errorf("the digest as %s is not found", name)
		}
	}
	for name, text := range map[string]string{"the prefix that may be shown": secret[:11] + "…", "another key": "in-" + strings.Repeat("7Q", 21) + "7"} {
		if _, how := found([]byte(text), append(spellings(secret), digests(secret)...)); how != "" {
			t.Errorf("%s is taken for the key %s", name, how)
		}
	}
}
