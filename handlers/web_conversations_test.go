package handlers_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers"
)

var (
	conversationLink = regexp.MustCompile(`href="/conversations/([0-9a-f-]{36})"`)
	walkLink         = regexp.MustCompile(`<a id="(newer|older)"[^>]* href="([^"]*)"`)
)

// listOn gives the conversations that a page lists, and where its links to newer and older ones lead.
func listOn(page string) (ids []string, to map[string]string) {
	for _, m := range conversationLink.FindAllStringSubmatch(page, -1) {
		ids = append(ids, m[1])
	}
	to = map[string]string{}
	for _, m := range walkLink.FindAllStringSubmatch(page, -1) {
		to[m[1]] = html.UnescapeString(m[2])
	}
	return ids, to
}

// on is a copy of the program at that moment.
func (w *world) on(now time.Time) *world {
	w.T.Helper()
	other := *w
	other.Handler = w.Program(func(c *handlers.Config) { c.Now = func() time.Time { return now } })
	return &other
}

func TestConversationList(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		cookie := w.SignIn("ada@a.example")
		t.Run("nothing at all says how to bring conversations in", func(t *testing.T) {
			for _, query := range []string{"", "?status=open", "?from=&to="} {
				rec := w.Page("/conversations"+query, cookie)
				for _, want := range []string{"No conversations yet", "insighto import --team \"A\"", `href="/docs"`, `href="/settings/api-keys/new"`} {
					if rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
						t.Errorf("%q: got %d without %s", query, rec.Code, want)
					}
				}
			}
		})
		eve := w.Person("eve@b.example", "B")
		foreign := conversations(1)
		foreign[0].ID, foreign[0].Messages[0].Text = missing, "Eve's own words"
		if _, err := w.Store.Import(t.Context(), eve, foreign); err != nil {
			t.Fatal(err)
		}
		w.filled(130) // four a day from 1 November 2026 on
		at := w.on(time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC))
		t.Run("the last thirty days are shown, newest first, with exact numbers", func(t *testing.T) {
			rec := at.Page("/conversations", cookie)
			ids, to := listOn(rec.Body.String())
			if rec.Code != 200 || len(ids) != 50 || ids[0] != conversationID(119) || ids[49] != conversationID(70) || to["newer"] != "" || to["older"] == "" {
				t.Fatalf("got %d, %d rows from %v and %v", rec.Code, len(ids), ids, to)
			}
			for _, want := range []string{"120 conversations", `value="2026-11-01"`, `value="2026-11-30"`, "Grüße", ">Dev</bdi>", `href="/contacts/` + dev + `"`, "Quotes", "<time datetime=", "midnight in UTC"} {
				if !strings.Contains(rec.Body.String(), want) {
					t.Errorf("the page lacks %s", want)
				}
			}
			if strings.Contains(rec.Body.String(), "Eve") || strings.Contains(rec.Body.String(), missing) {
				t.Error("another team's conversation is listed")
			}
		})
		t.Run("older and newer pages give every row once, and the newest page is whole", func(t *testing.T) { walkPages(t, at, cookie, "/conversations?from=&to=", 130) })
		t.Run("days begin where the visitor's clock says", func(t *testing.T) {
			for _, c := range []struct {
				zone, day, to string
				want          int
			}{
				{"", "2026-11-10", "2026-11-10", 4}, {"Asia/Kolkata", "2026-11-10", "2026-11-10", 4}, {"Pacific/Kiritimati", "2026-11-01", "2026-11-01", 2},
				{"nonsense", "2026-11-10", "2026-11-10", 4}, {"Local", "2026-11-01", "2026-11-01", 4}, {"../../etc/passwd", "2026-11-01", "2026-11-01", 4}, {"", "2026-11-10", "2026-11-12", 12},
			} {
				rec := at.Page("/conversations?from="+c.day+"&to="+c.to, cookie+"; zone="+c.zone)
				if ids, _ := listOn(rec.Body.String()); rec.Code != 200 || len(ids) != c.want || !strings.Contains(rec.Body.String(), fmt.Sprintf("%d conversations", c.want)) {
					t.Errorf("%+v: got %d with %d rows", c, rec.Code, len(ids))
				}
			}
			rec := at.Page("/conversations", cookie+"; zone=Pacific/Kiritimati") // where it is December already
			if !strings.Contains(rec.Body.String(), `value="2026-12-01"`) || !strings.Contains(rec.Body.String(), "midnight in Pacific/Kiritimati") {
				t.Errorf("in Kiritimati the days are %s", rec.Body)
			}
		})
		t.Run("a filter narrows rows and number alike, and is kept on the way", func(t *testing.T) {
			all := "from=&to="
			for query, want := range map[string]int{
				all + "&status=open": 65, all + "&status=closed": 65, all + "&assistant=" + quotes: 65, all + "&assistant=" + strings.ToUpper(claims): 65,
				all + "&assistant=" + quotes + "&status=closed": 0, all + "&assistant=" + missing: 0, "from=2027-01-01&to=2027-01-31": 0,
			} {
				rec := at.Page("/conversations?"+query, cookie)
				ids, to := listOn(rec.Body.String())
				if rec.Code != 200 || len(ids) != min(want, 50) {
					t.Errorf("%s: got %d with %d rows, want %d", query, rec.Code, len(ids), want)
				}
				if want == 0 && (!strings.Contains(rec.Body.String(), "Nothing here") || strings.Contains(rec.Body.String(), "No conversations yet")) {
					t.Errorf("%s: got %s, want a hint to widen", query, rec.Body)
				}
				sent, _ := url.ParseQuery(query)
				next, err := url.Parse(to["older"])
				if err != nil || want > 50 && (next.Query().Get("status") != sent.Get("status") || next.Query().Get("assistant") != sent.Get("assistant") || !next.Query().Has("from")) {
					t.Errorf("%s: the way on is %s (%v)", query, to["older"], err)
				}
			}
		})
		t.Run("what is wrong stands beside its field, and the rest stays", func(t *testing.T) {
			for _, c := range []struct{ query, wrong, kept string }{
				{"from=2026-02-30&to=2026-11-30&status=open", "from", `value="open" selected`},
				{"from=2026-11-01&to=yesterday", "to", `value="2026-11-01"`},
				{"from=2026-11-30&to=2026-11-01", "to", `value="2026-11-30"`},
				{"from=%3Cimg%3E&to=2026-1-1&assistant=x&status=OPEN", "from to assistant status", "“&lt;img&gt;” is no date"},
			} {
				rec := at.Page("/conversations?"+c.query, cookie)
				for _, field := range []string{"from", "to", "assistant", "status"} {
					if got, want := strings.Contains(rec.Body.String(), `id="`+field+`-wrong"`), slices.Contains(strings.Fields(c.wrong), field); got != want {
						t.Errorf("%s: an error beside %s is %v, want %v", c.query, field, got, want)
					}
				}
				if rec.Code != 422 || !strings.Contains(rec.Body.String(), c.kept) || strings.Contains(rec.Body.String(), "Grüße") {
					t.Errorf("%s: got %d %s", c.query, rec.Code, rec.Body)
				}
			}
		})
		t.Run("a cursor that is none is the beginning, and one past the end leads back", func(t *testing.T) {
			for _, query := range []string{"after=nonsense", "before=nonsense", "after=", "after=%C3%A9"} {
				if ids, _ := listOn(at.Page("/conversations?"+query, cookie).Body.String()); len(ids) != 50 || ids[0] != conversationID(119) {
					t.Errorf("%s: got %d rows", query, len(ids))
				}
			}
			last := db.Cursor{At: time.Unix(0, 0), ID: missing}.String()
			rec := at.Page("/conversations?status=open&after="+last, cookie)
			if rec.Code != 200 || !strings.Contains(rec.Body.String(), `href="/conversations?status=open">Go to the newest`) {
				t.Errorf("past the end: got %d %s", rec.Code, rec.Body)
			}
		})
	})
}

// walkPages follows the links to older rows to the end and back again.
func walkPages(t *testing.T, w *world, cookie, path string, total int) {
	t.Helper()
	var down []string
	newest, to := listOn(w.Page(path, cookie).Body.String())
	page := newest
	for len(down) <= total {
		down = append(down, page...)
		if to["older"] == "" {
			break
		}
		page, to = listOn(w.Page(to["older"], cookie).Body.String())
	}
	if len(down) != total || len(slices.Compact(slices.Sorted(slices.Values(down)))) != total {
		t.Errorf("downwards: got %d rows, want each of %d once", len(down), total)
	}
	for range total {
		if to["newer"] == "" {
			break
		}
		page, to = listOn(w.Page(to["newer"], cookie).Body.String())
		if i := slices.Index(down, page[0]); i < 0 || !slices.Equal(page, down[i:i+len(page)]) {
			t.Errorf("upwards: %v is not in the order of the way down", page)
		}
	}
	if !slices.Equal(page, newest) {
		t.Errorf("back at the top: got %d rows, want the newest page whole", len(page))
	}
}

func TestConversationPage(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		cookie := w.SignIn("ada@a.example")
		w.filled(2)
		long := conversations(3)[2]
		long.Messages[0].Text = "first\n<b>words</b>"
		for n := range 249 {
			sender := []string{"user", "bot", "agent", "tool"}[n%4]
			long.Messages = append(long.Messages, db.ArchivedMessage{SenderType: sender, Text: fmt.Sprintf("turn %d!", n), CreatedAt: long.CreatedAt, VoiceBase64: "Vk9JQ0U="})
		}
		without := conversations(4)[3]
		without.Messages, without.ChatCount, without.FirstMessage = nil, 3, "Left out"
		eve := w.Person("eve@b.example", "B")
		foreign := conversations(1)[0]
		foreign.ID = missing[:35] + "9"
		for _, c := range []struct {
			p    db.Principal
			talk db.ArchivedConversation
		}{{w.Ada, long}, {w.Ada, without}, {eve, foreign}} {
			if _, err := w.Store.Import(t.Context(), c.p, []db.ArchivedConversation{c.talk}); err != nil {
				t.Fatal(err)
			}
		}
		holds := func(path string, status int, want ...string) {
			t.Helper()
			rec := w.Page(path, cookie)
			for _, text := range want {
				if rec.Code != status || !strings.Contains(rec.Body.String(), text) {
					t.Errorf("%s: got %d without %q: %s", path, rec.Code, text, rec.Body)
				}
			}
			if strings.Contains(rec.Body.String(), "Vk9JQ0U=") || strings.Contains(rec.Body.String(), "<b>words") {
				t.Errorf("%s holds a voice, or markup out of a message", path)
			}
		}
		holds("/conversations/"+conversationID(1), 200, "Conversation with Dev", "Quotes", "Mobile", "Open", "Grüße", "spoken", `href="/contacts/`+dev+`"`, conversationID(1))
		holds("/conversations/"+conversationID(0), 200, "Zoë Novak", "Claims", "Closed", `<time datetime="2026-11-01T00:01:00Z">`)
		at := "/conversations/" + long.ID
		holds(at, 200, "251", "first\n&lt;b&gt;words&lt;/b&gt;", "turn 97!", `rel="next" href="`+at+`?page=2"`, "Page 1 of 3", "Agent", "Tool", `class="turn tool"`)
		holds(at+"?page=2", 200, "turn 98!", "turn 197!", `start="101"`, `rel="prev" href="`+at+`"`)
		holds(at+"?page=3", 200, "turn 248!")
		holds(at+"?page=4", 200, "past the end", `href="`+at+`?page=3"`)
		holds(at+"?page=9223372036854775807", 200, "past the end")
		holds("/conversations/"+without.ID, 200, "left its 3 messages out")
		want := withoutID(w.Page("/conversations/"+missing, cookie))
		for _, id := range []string{foreign.ID, "nonsense", "%00", strings.Repeat("9", 3000)} {
			if rec := w.Page("/conversations/"+id, cookie); rec.Code != 404 || withoutID(rec) != want {
				t.Errorf("%.50s: got %d %s, want just what a missing one gives", id, rec.Code, rec.Body)
			}
		}
	})
}

func TestPagesOfConversationsAreForTheSignedIn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for _, path := range []string{"/conversations", "/conversations/" + missing} {
			rec := w.Do(http.MethodGet, path+"?from=2026-11-01", "")
			if rec.Code != 303 || rec.Header().Get("Location") != "/login?next="+url.QueryEscape(path) {
				t.Errorf("%s: got %d to %s", path, rec.Code, rec.Header().Get("Location"))
			}
		}
	})
}
