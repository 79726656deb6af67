package db_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func object(pairs ...string) map[string]json.RawMessage {
	o := map[string]json.RawMessage{}
	for i := 0; i+1 < len(pairs); i += 2 {
		o[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return o
}

// wrongFields are the fields of Problems, in their order.
func wrongFields(err error) string {
	var problems db.Problems
	var fields []string
	if errors.As(err, &problems) {
		for _, e := range problems {
			fields = append(fields, e.Field)
		}
	}
	return strings.Join(fields, " ")
}

func TestContactWrites(t *testing.T) {
	ctx := context.Background()
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		ada, eve := member(t, store, "ada@a.example", "A"), member(t, store, "eve@b.example", "B")
		create := func(t *testing.T, change db.ContactChange) db.Contact {
			t.Helper()
			c, err := store.CreateContact(ctx, ada, change)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}

		t.Run("a new contact holds what was said, in the form that is matched by", func(t *testing.T) {
			assistant := db.NewID()
			c := create(t, db.ContactChange{FirstName: text("Zoë"), Email: text(" Zoe@New.Example "), Phone: text("0049 30 901821"), CustomFields: object("score", "12345678901234567"), FirstAssistantID: &assistant})
			want := db.Contact{ID: c.ID, TeamID: ada.TeamID, FirstName: "Zoë", Email: "zoe@new.example", Phone: "+4930901821", FirstAssistantID: assistant, CreatedAt: clock.Now(), UpdatedAt: clock.Now(),
				Channels:       `{"country_code":"49","dial_code":"DE","email":"zoe@new.example","national_number":"30901821","telephone":"+4930901821"}`,
				UserAttributes: `{}`, CustomFields: `{"score":12345678901234567}`}
			if kept, err := store.Contact(ctx, ada, c.ID); c != want || err != nil || kept != want {
				t.Errorf("got %+v\nand kept %+v (%v)\nwant %+v", c, kept, err, want)
			}
		})

		t.Run("a change leaves what it does not name, merges objects, and takes out what is empty or null", func(t *testing.T) {
			want := create(t, db.ContactChange{FirstName: text("Zoë"), LastName: text("Novak"), Email: text("zoe@part.example"), CustomFields: object("a", "1", "b", `"x"`)})
			clock.Pass(time.Minute)
			got, err := store.UpdateContact(ctx, ada, want.ID, db.ContactChange{LastName: text(""), Channels: object("whatsapp", `"zoe"`), CustomFields: object("b", "null", "c", "1.0"), LastSeen: new(clock.Now())})
			want.LastName, want.Channels, want.CustomFields = "", `{"email":"zoe@part.example","whatsapp":"zoe"}`, `{"a":1,"c":1.0}`
			want.LastSeen, want.UpdatedAt = clock.Now(), clock.Now()
			if err != nil || got != want {
				t.Errorf("got %+v (%v)\nwant %+v", got, err, want)
			}
			if got, err = store.UpdateContact(ctx, ada, want.ID, db.ContactChange{Email: text("")}); err != nil || got.Email != "" || got.Channels != `{"whatsapp":"zoe"}` {
				t.Errorf("without e-mail: got %+v (%v), want it gone from the channels, too", got, err)
			}
			if got, err = store.UpdateContact(ctx, ada, want.ID, db.ContactChange{Channels: object("telephone", `"+49 30 901822"`)}); err != nil || got.Phone != "+4930901822" {
				t.Errorf("with a telephone among the channels: got %+v (%v), want it as the phone", got, err)
			}
		})

		t.Run("a change that changes nothing leaves updated_at", func(t *testing.T) {
			c := create(t, db.ContactChange{FirstName: text("Zoë"), Email: text("zoe@same.example")})
			clock.Pass(time.Minute)
			got, err := store.UpdateContact(ctx, ada, c.ID, db.ContactChange{FirstName: text("Zoë"), Email: text("ZOE@same.example")})
			if err != nil || got != c {
				t.Errorf("got %+v (%v), want %+v", got, err, c)
			}
		})

		t.Run("all that is wrong is told, and nothing is written", func(t *testing.T) {
			before := contactsOf(t, store, ada)
			for name, c := range map[string]struct {
				change db.ContactChange
				fields string
			}{
				"texts":         {db.ContactChange{FirstName: text("a\x00b"), LastName: text(strings.Repeat("x", 401))}, "first_name last_name"},
				"an id":         {db.ContactChange{LastWidgetID: text("x")}, "last_widget_id"},
				"an e-mail":     {db.ContactChange{Email: text("nope"), FirstName: text("\xff")}, "first_name email"},
				"a phone":       {db.ContactChange{Phone: text("12")}, "phone_number"},
				"a telephone":   {db.ContactChange{Channels: object("telephone", "7")}, "channels.telephone"},
				"a large field": {db.ContactChange{CustomFields: object("a", `"`+strings.Repeat("x", 64<<10)+`"`)}, "custom_fields"},
				"a NUL inside":  {db.ContactChange{UserAttributes: object("a", `"\u0000"`)}, "user_attributes"},
			} {
				_, err := store.CreateContact(ctx, ada, c.change)
				if got := wrongFields(err); got != c.fields {
					t.Errorf("%s: got %q (%v), want %q", name, got, err, c.fields)
				}
			}
			if _, err := store.UpsertContact(ctx, ada, db.ContactChange{FirstName: text("Zoë"), Email: text("")}); !db.Invalid.Is(err) {
				t.Errorf("an upsert by nothing: got %v, want an Invalid error", err)
			}
			if n := contactsOf(t, store, ada); n != before {
				t.Errorf("%d contacts became %d", before, n)
			}
		})

		t.Run("upsert finds by e-mail or phone in every spelling, and adds what was unknown", func(t *testing.T) {
			first, err := store.UpsertContact(ctx, ada, db.ContactChange{Email: text("dev@upsert.example"), FirstName: text("Dev")})
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range []db.ContactChange{
				{Email: text(" DEV@Upsert.example"), Phone: text("+1 555 100 0223")}, {Phone: text("15551000223")}, {Phone: text("001 555-100-0223"), LastName: text("Novak")}, {Email: text("dev@upsert.example"), Phone: text("+15551000223")},
			} {
				if got, err := store.UpsertContact(ctx, ada, change); err != nil || got.ID != first.ID || got.FirstName != "Dev" || got.Phone != "+15551000223" {
					t.Errorf("got %+v (%v), want %s, with the phone", got, err, first.ID)
				}
			}
		})

		t.Run("another team's contact is as absent as a missing one", func(t *testing.T) {
			c := create(t, db.ContactChange{FirstName: text("Zoë"), Email: text("zoe@foreign.example")})
			for _, id := range []string{c.ID, db.NewID(), "x"} {
				_, read := store.Contact(ctx, eve, id)
				_, changed := store.UpdateContact(ctx, eve, id, db.ContactChange{FirstName: text("Eve")})
				for what, err := range map[string]error{"read": read, "changed": changed, "deleted": store.DeleteContacts(ctx, eve, []string{id})} {
					if !db.NotFound.Is(err) {
						t.Errorf("%s %s: got %v, want a NotFound error", what, id, err)
					}
				}
			}
			if other, err := store.UpsertContact(ctx, eve, db.ContactChange{Email: text("zoe@foreign.example")}); err != nil || other.ID == c.ID {
				t.Errorf("an upsert of another team: got %+v (%v), want a contact of its own", other, err)
			}
			if kept, err := store.Contact(ctx, ada, c.ID); err != nil || kept != c {
				t.Errorf("kept %+v (%v), want %+v", kept, err, c)
			}
		})

		t.Run("no more than a thousand are deleted at once", func(t *testing.T) {
			for _, n := range []int{0, 1001} {
				ids := make([]string, n)
				for i := range ids {
					ids[i] = db.NewID()
				}
				if err := store.DeleteContacts(ctx, ada, ids); !db.Invalid.Is(err) {
					t.Errorf("%d: got %v, want an Invalid error", n, err)
				}
			}
		})
	})
}

// people is what a team's contacts should be: the e-mail and phone of each by its id.
type people map[string][2]string

// holder gives who has an e-mail (0) or a phone (1), or "".
func (m people) holder(which int, value string) string {
	for id, p := range m {
		if value != "" && p[which] == value {
			return id
		}
	}
	return ""
}

// taken tells whether somebody else than id has the e-mail or the phone.
func (m people) taken(id, email, phone string) bool {
	e, p := m.holder(0, email), m.holder(1, phone)
	return e != "" && e != id || p != "" && p != id
}

// step does something at random to the store and to the model, and gives what the store should say and said.
func (m people) step(t *rapid.T, store *db.Store, p db.Principal) (want string, err error) {
	ctx := context.Background()
	email, phone := rapid.SampledFrom([]string{"", "a@x.test", "b@x.test", "c@x.test"}).Draw(t, "email"), rapid.SampledFrom([]string{"", "+4930901820", "+15551000220"}).Draw(t, "phone")
	ids := append(slices.Sorted(maps.Keys(m)), "missing")
	switch rapid.IntRange(0, 3).Draw(t, "step") {
	case 0:
		if m.taken("", email, phone) {
			want = "conflict"
		}
		var c db.Contact
		if c, err = store.CreateContact(ctx, p, db.ContactChange{Email: &email, Phone: &phone}); err == nil {
			m[c.ID] = [2]string{email, phone}
		}
	case 1:
		byEmail, byPhone := m.holder(0, email), m.holder(1, phone)
		switch {
		case email == "" && phone == "":
			want = "invalid"
		case byEmail != "" && byPhone != "" && byEmail != byPhone:
			want = "contact_ambiguous"
		}
		change := db.ContactChange{}
		if email != "" {
			change.Email = text(strings.ToUpper(email))
		}
		if phone != "" {
			change.Phone = text(strings.TrimPrefix(phone, "+"))
		}
		var c db.Contact
		if c, err = store.UpsertContact(ctx, p, change); err == nil {
			if id := byEmail + byPhone; id != "" && c.ID != byEmail && c.ID != byPhone {
				t.Fatalf("an upsert of %s %s gave %s, want %s", email, phone, c.ID, id)
			}
			m[c.ID] = [2]string{cmp.Or(email, m[c.ID][0]), cmp.Or(phone, m[c.ID][1])}
		}
	case 2:
		id := rapid.SampledFrom(ids).Draw(t, "whom")
		if id == "missing" {
			want = "not_found"
		} else if m.taken(id, email, phone) {
			want = "conflict"
		}
		if _, err = store.UpdateContact(ctx, p, id, db.ContactChange{Email: &email, Phone: &phone}); err == nil {
			m[id] = [2]string{email, phone}
		}
	case 3:
		gone := rapid.SliceOfN(rapid.SampledFrom(ids), 1, 4).Draw(t, "gone")
		if slices.Contains(gone, "missing") {
			want = "not_found"
		}
		if err = store.DeleteContacts(ctx, p, gone); err == nil {
			for _, id := range gone {
				delete(m, id)
			}
		}
	}
	return want, err
}

func TestContactsAreWhatWasDoneToThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ada := member(t, store, "ada@a.example", "A")
		rapid.Check(t, func(rt *rapid.T) {
			forget(t, store, ada)
			model := people{}
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				want, err := model.step(rt, store, ada)
				if got := code(err); got != want || (err == nil) != (want == "") {
					rt.Fatalf("got %q (%v), want %q", got, err, want)
				}
				model.check(rt, store, ada)
			}
		})
	})
}

// forget deletes every contact of the team.
func forget(t *testing.T, store *db.Store, p db.Principal) {
	t.Helper()
	list, err := store.Contacts(t.Context(), p, db.ContactFilter{}, everything)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range list.Items {
		ids = append(ids, c.ID)
	}
	if len(ids) == 0 {
		return
	}
	if err := store.DeleteContacts(t.Context(), p, ids); err != nil {
		t.Fatal(err)
	}
}

// check compares the list, its kept total, and a total that is counted.
func (m people) check(t *rapid.T, store *db.Store, p db.Principal) {
	kept, err := store.Contacts(context.Background(), p, db.ContactFilter{}, everything)
	if err != nil {
		t.Fatal(err)
	}
	counted, err := store.Contacts(context.Background(), p, db.ContactFilter{UpdatedSince: time.UnixMilli(1)}, everything)
	if err != nil {
		t.Fatal(err)
	}
	got := people{}
	for _, c := range kept.Items {
		got[c.ID] = [2]string{c.Email, c.Phone}
	}
	if fmt.Sprint(got) != fmt.Sprint(m) || kept.Total != int64(len(m)) || counted.Total != int64(len(m)) {
		t.Fatalf("got %v, a total of %d and %d counted; want %v", got, kept.Total, counted.Total, m)
	}
}
