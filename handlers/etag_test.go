package handlers_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// held are the GETs whose answers a client may hold.
var held = []string{
	"contact?size=1", "contact/list", "contact/" + zoe, "contact_custom_field", "contact_custom_field/list",
	"conversation?" + since1970, "conversation/list?" + since1970, "conversation/" + conversationID(0), "conversation/" + conversationID(0) + "/transcript",
	"conversation/by-contact/" + zoe, "conversation/counts?date_from=2026-11-01&date_to=2026-11-02",
	"assistant", "assistant/list", "assistant/" + claims, "widget", "widget/list", "user", "user/list/orgs",
}

func TestETag(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.filled(3)
		other, _ := w.Copy(w.Store)
		ask := func(path string, tags ...string) *httptest.ResponseRecorder {
			var headers []string
			for _, tag := range tags {
				headers = append(headers, "If-None-Match", tag)
			}
			mark := "?"
			if strings.Contains(path, "?") {
				mark = "&"
			}
			return w.Do("GET", "/api/v1/"+path+mark+"api_key="+secret, "", headers...)
		}

		t.Run("an answer in hand that still stands is not sent again", func(t *testing.T) {
			for _, path := range held {
				first := ask(path)
				tag := first.Header().Get("ETag")
				if first.Code != 200 || len(tag) < 18 || first.Header().Get("Cache-Control") != "private, no-cache" {
					t.Errorf("%s: got %d, ETag %q, %q", path, first.Code, tag, first.Header().Get("Cache-Control"))
				}
				again := ask(path, tag)
				if h := again.Header(); again.Code != 304 || again.Body.Len() != 0 || h.Get("ETag") != tag || h.Get("Cache-Control") != "private, no-cache" || h.Get("Content-Type") != "" || h.Get("Content-Length") != "" {
					t.Errorf("%s with its ETag: got %d %s %v, want 304 and no body", path, again.Code, again.Body, h)
				}
			}
		})

		t.Run("If-None-Match is a list, weak or any", func(t *testing.T) {
			tag := ask("contact").Header().Get("ETag")
			for _, c := range []struct {
				tags []string
				want int
			}{
				{[]string{tag}, 304}, {[]string{"W/" + tag}, 304}, {[]string{"*"}, 304}, {[]string{`"a,b", W/"c" ,` + tag}, 304}, {[]string{`"a"`, tag}, 304},
				{[]string{`"a"`}, 200}, {[]string{strings.Trim(tag, `"`)}, 200}, {[]string{""}, 200}, {[]string{`"`}, 200}, {[]string{`"*"`}, 200}, {[]string{`"` + tag}, 200},
			} {
				if rec := ask("contact", c.tags...); rec.Code != c.want {
					t.Errorf("%q: got %d, want %d", c.tags, rec.Code, c.want)
				}
			}
		})

		t.Run("two copies of the program agree, and a change is noticed", func(t *testing.T) {
			_, writer := w.Key(w.Ada, "full_access")
			before := map[string]string{}
			for _, path := range []string{"contact", "conversation/counts?date_from=2026-11-01&date_to=2026-11-02"} {
				before[path] = ask(path).Header().Get("ETag")
				first := w.Handler
				w.Handler = other
				if got := ask(path).Header().Get("ETag"); got != before[path] {
					t.Errorf("%s: another copy says %s, want %s", path, got, before[path])
				}
				w.Handler = first
			}
			data(t, w.send("PUT", "/api/v1/contact/"+zoe, writer, `{"last_name":"Nowak"}`))
			data(t, w.send("DELETE", "/api/v1/conversation/"+conversationID(1), writer, ""))
			for path, tag := range before {
				if rec := ask(path, tag); rec.Code != 200 || rec.Header().Get("ETag") == tag {
					t.Errorf("%s after a change: got %d with %s", path, rec.Code, rec.Header().Get("ETag"))
				}
			}
		})

		t.Run("an error and the key itself are never kept", func(t *testing.T) {
			for _, path := range []string{"contact/" + missing, "contact?page=0", "conversation", "key"} {
				if rec := ask(path, "*"); rec.Header().Get("ETag") != "" || rec.Header().Get("Cache-Control") != "private, no-store" || rec.Body.Len() == 0 {
					t.Errorf("%s: got %d %v", path, rec.Code, rec.Header())
				}
			}
		})
	})
}

func TestMethods(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		w := newWorld(t, store)
		secret := w.filled(3)
		server := httptest.NewServer(w.Handler) // HEAD loses its body only on a connection
		defer server.Close()
		do := func(method, path string) (*http.Response, string) {
			t.Helper()
			mark := "?"
			if strings.Contains(path, "?") {
				mark = "&"
			}
			r, err := http.NewRequest(method, server.URL+"/api/v1/"+path+mark+"api_key="+secret, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return response, string(body)
		}

		t.Run("HEAD has the headers of GET and no body", func(t *testing.T) {
			for _, path := range append(slices.Clone(held), "key", "contact/"+missing, "contact?page=0", "conversation") {
				get, _ := do("GET", path)
				head, body := do("HEAD", path)
				for _, response := range []*http.Response{get, head} {
					for _, own := range []string{"X-Request-Id", "Date"} {
						response.Header.Del(own)
					}
				}
				if body != "" || head.StatusCode != get.StatusCode || len(head.Header) != len(get.Header) {
					t.Errorf("%s: got %d %v %q, want %d %v", path, head.StatusCode, head.Header, body, get.StatusCode, get.Header)
				}
				for name := range get.Header {
					if head.Header.Get(name) != get.Header.Get(name) {
						t.Errorf("%s: %s is %q, want %q", path, name, head.Header.Get(name), get.Header.Get(name))
					}
				}
			}
		})

		t.Run("a wrong method is told the right ones, and OPTIONS too", func(t *testing.T) {
			for path, want := range map[string][]string{
				"contact":                             {"GET", "HEAD", "POST"},
				"contact/" + zoe:                      {"DELETE", "GET", "HEAD", "PUT"},
				"conversation":                        {"GET", "HEAD", "POST"},
				"conversation/" + conversationID(0):   {"DELETE", "GET", "HEAD"},
				"conversation/" + zoe + "/close":      {"POST"},
				"conversation/" + zoe + "/transcript": {"GET", "HEAD"},
				"assistant/" + claims:                 {"DELETE", "GET", "HEAD", "PUT"},
				"key":                                 {"GET", "HEAD"},
			} {
				for method, status := range map[string]int{"PATCH": 405, "OPTIONS": 204} {
					response, body := do(method, path)
					allow := strings.Split(response.Header.Get("Allow"), ", ")
					for _, m := range want {
						if !slices.Contains(allow, m) {
							t.Errorf("%s %s allows %v, want %v", method, path, allow, want)
						}
					}
					if response.StatusCode != status || len(allow) != len(want)+1 || method == "OPTIONS" && body != "" {
						t.Errorf("%s %s: got %d %v %s, want %d", method, path, response.StatusCode, allow, body, status)
					}
				}
			}
		})

		t.Run("a list without dates names them both", func(t *testing.T) {
			_, body := do("GET", "conversation")
			for _, want := range []string{`"loc":["query","date_from"],"msg":"Field required","type":"missing"`, `"loc":["query","date_to"],"msg":"Field required","type":"missing"`} {
				if !strings.Contains(body, want) {
					t.Errorf("got %s, want %s", body, want)
				}
			}
		})
	})
}
