package handlers_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

var contactRow = regexp.MustCompile(`<th role="rowheader" scope="row" class="name"><a href="/contacts/([0-9a-f-]{36})"><bdi>([^<]*)</bdi>`)

// contactsOn gives the names of the contacts that a page lists, and where its links to newer and older ones lead.
func contactsOn(page string) (names []string, to map[string]string) {
	for _, m := range contactRow.FindAllStringSubmatch(page, -1) {
		names = append(names, html.UnescapeString(m[2]))
	}
	_, to = listOn(page)
	return names, to
}

func TestContactList(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		cookie := w.SignIn("ada@a.example")
		if rec := w.Page("/contacts", cookie); rec.Code != 200 || !strings.Contains(rec.Body.String(), "No contacts yet") || !strings.Contains(rec.Body.String(), `href="/docs"`) {
			t.Errorf("nobody at all: got %d %s", rec.Code, rec.Body)
		}
		eve := w.Person("eve@b.example", "B")
		text := func(s string) *string { return &s }
		add := func(p db.Principal, first, email, phone string) {
			t.Helper()
			n := db.ContactChange{FirstName: text(first)}
			if email != "" {
				n.Email = text(email)
			}
			if phone != "" {
				n.Phone = text(phone)
			}
			if _, err := w.Store.CreateContact(t.Context(), p, n); err != nil {
				t.Fatal(err)
			}
		}
		add(eve, "Eve's own", "", "")
		for n := range 120 {
			add(w.Ada, fmt.Sprintf("Number %03d", n), fmt.Sprintf("n%d@example.com", n), "")
		}
		add(w.Ada, "ÄÖÜ <b>", "", "+12025550115")
		add(w.Ada, "", "only@example.com", "")

		t.Run("the newest are first, and links give every contact once", func(t *testing.T) {
			rec := w.Page("/contacts", cookie)
			names, to := contactsOn(rec.Body.String())
			if len(names) != 50 || names[0] != "only@example.com" || names[1] != "ÄÖÜ <b>" || to["newer"] != "" || !strings.Contains(rec.Body.String(), "122 contacts") {
				t.Fatalf("got %d, %v", rec.Code, names)
			}
			all := names
			for to["older"] != "" && len(all) < 200 {
				names, to = contactsOn(w.Page(to["older"], cookie).Body.String())
				all = append(all, names...)
			}
			if len(all) != 122 || len(slices.Compact(slices.Sorted(slices.Values(all)))) != 122 || strings.Contains(strings.Join(all, " "), "Eve") {
				t.Errorf("got %d contacts: %v", len(all), all)
			}
			for to["newer"] != "" {
				names, to = contactsOn(w.Page(to["newer"], cookie).Body.String())
			}
			if !slices.Equal(names, all[:50]) {
				t.Errorf("back at the top: got %v", names)
			}
		})
		t.Run("a search finds parts of name, e-mail and phone, whatever the case", func(t *testing.T) {
			for query, want := range map[string]int{
				"?search=number+01": 10, "?search=NUMBER": 50, "?search=%C3%A4%C3%B6": 1, "?search=2025550": 1, "?search=only@": 1, "?search=eve": 0, "?search=%25": 0, "?search=+": 50, "?search=n1&search=zzz": 31,
			} {
				rec := w.Page("/contacts"+query, cookie)
				names, to := contactsOn(rec.Body.String())
				if rec.Code != 200 || len(names) != want || want == 0 != strings.Contains(rec.Body.String(), "Nobody found") {
					t.Errorf("%s: got %d with %v", query, rec.Code, names)
				}
				if query == "?search=NUMBER" && !strings.Contains(to["older"], "search=NUMBER") {
					t.Errorf("the way on is %s, want the search kept", to["older"])
				}
			}
		})
		t.Run("a search that is too long says so and stays", func(t *testing.T) {
			long := strings.Repeat("ä", 201)
			rec := w.Page("/contacts?search="+long, cookie)
			if rec.Code != 422 || !strings.Contains(rec.Body.String(), `id="search-wrong"`) || !strings.Contains(rec.Body.String(), long) {
				t.Errorf("got %d %s", rec.Code, rec.Body)
			}
		})
	})
}

func TestContactPage(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		cookie := w.SignIn("ada@a.example")
		w.filled(150)
		odd := conversations(1)[0]
		odd.ID, odd.Contact = missing[:35]+"7", db.ArchivedContact{ID: missing[:35] + "8", FirstName: "Odd <i>", Channels: `{"telephone":"+15551000230","whatsapp":"+15551000231","slack":null}`,
			CustomFields: `{"Plan":"gold","Seats":12,"empty":"","nested":{"a":[1]}}`, UserAttributes: `{"<u>":true}`}
		eve := w.Person("eve@b.example", "B")
		foreign := conversations(1)[0]
		foreign.ID, foreign.Contact = missing[:35]+"9", db.ArchivedContact{ID: missing[:35] + "9", FirstName: "Eve's own"}
		for p, c := range map[*db.Principal]db.ArchivedConversation{&w.Ada: odd, &eve: foreign} {
			if _, err := w.Store.Import(t.Context(), *p, []db.ArchivedConversation{c}); err != nil {
				t.Fatal(err)
			}
		}
		holds := func(path string, want ...string) string {
			t.Helper()
			rec := w.Page(path, cookie)
			for _, text := range want {
				if rec.Code != 200 || !strings.Contains(rec.Body.String(), text) {
					t.Errorf("%s: got %d without %q: %s", path, rec.Code, text, rec.Body)
				}
			}
			return rec.Body.String()
		}
		page := holds("/contacts/"+odd.Contact.ID, "Odd &lt;i&gt;", "+15551000230", "whatsapp", "+15551000231", "Plan", "gold", "Seats", ">12<", `{&#34;a&#34;:[1]}`, "&lt;u&gt;", "true", "1 conversation<", odd.ID)
		for _, text := range []string{"slack", "empty", "telephone", "<i>", "<u>"} {
			if strings.Contains(page, text) {
				t.Errorf("the page holds %q", text)
			}
		}
		first, to := listOn(holds("/contacts/"+dev, "dev@example.com", "75 conversations"))
		second, back := listOn(holds(to["older"], "75 conversations"))
		if len(first) != 50 || len(second) != 25 || slices.Contains(second, first[49]) || back["newer"] == "" || strings.Contains(holds("/contacts/"+dev), conversationID(0)) {
			t.Errorf("got %d and %d conversations, and %v", len(first), len(second), back)
		}
		want := withoutID(w.Page("/contacts/"+missing, cookie))
		for _, id := range []string{foreign.Contact.ID, "nonsense", "import", "%00"} {
			if rec := w.Page("/contacts/"+id, cookie); rec.Code != 404 || withoutID(rec) != want {
				t.Errorf("%s: got %d %s, want just what a missing one gives", id, rec.Code, rec.Body)
			}
		}
	})
}

func TestAssistantList(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		cookie := w.SignIn("ada@a.example")
		if rec := w.Page("/assistants", cookie); rec.Code != 200 || !strings.Contains(rec.Body.String(), "No assistants yet") {
			t.Errorf("none at all: got %d %s", rec.Code, rec.Body)
		}
		w.filled(160) // four a day from 1 November on, each second one with Quotes; the last at 18:00 on 10 December
		at := w.on(time.Date(2026, 12, 10, 23, 0, 0, 0, time.UTC))
		for _, c := range []struct{ zone, today string }{{"", "2026-12-10"}, {"Asia/Tokyo", "2026-12-11"}} {
			rec := at.Page("/assistants", cookie+"; zone="+c.zone)
			count := regexp.MustCompile(`href="(/conversations\?[^"]*)" aria-label="(\d+) conversations? (today|in 30 days) with Quotes"`).FindAllStringSubmatch(rec.Body.String(), -1)
			if rec.Code != 200 || len(count) != 2 || !strings.Contains(count[0][1], "from="+c.today+"&amp;to="+c.today) {
				t.Fatalf("got %d with %v: %s", rec.Code, count, rec.Body)
			}
			for _, n := range count { // each number is that of the list behind it
				list := at.Page(html.UnescapeString(n[1]), cookie+"; zone="+c.zone)
				if list.Code != http.StatusOK || n[2] != "0" && !regexp.MustCompile(`>`+n[2]+` conversations?<`).MatchString(list.Body.String()) || n[2] == "0" && !strings.Contains(list.Body.String(), "Nothing here") {
					t.Errorf("%s says %s %s; the list has another number", c.zone, n[2], n[3])
				}
			}
		}
		if rec := at.Page("/assistants?page=9", cookie); rec.Code != 200 || !strings.Contains(rec.Body.String(), "past the end") {
			t.Errorf("past the end: got %d %s", rec.Code, rec.Body)
		}
	})
}
