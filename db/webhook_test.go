package db_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// anywhere is an EndpointCheck that lets everything pass but one address.
func anywhere(_ context.Context, endpoint string) (string, *db.Error) {
	if endpoint == "http://inside.example" {
		return "", db.InvalidInput("endpoint", "Not there.")
	}
	return strings.ToLower(endpoint), nil
}

// listener makes a webhook that listens to some events, all when none are named.
func listener(t testing.TB, store *db.Store, p db.Principal, events ...string) (db.Webhook, string) {
	t.Helper()
	w, secret, err := store.CreateWebhook(context.Background(), p, db.NewWebhook{Name: "crm", Endpoint: "https://crm.example/hook", Events: events}, anywhere)
	if err != nil {
		t.Fatal(err)
	}
	return w, secret
}

func fields(err error) string {
	var names []string
	if problems, ok := err.(db.Problems); ok {
		for _, p := range problems {
			names = append(names, p.Field)
		}
	}
	return strings.Join(names, " ")
}

func TestWebhooks(t *testing.T) {
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		ctx := context.Background()
		ada := member(t, store, "ada@a.example", "A")
		eve := member(t, store, "eve@b.example", "B")

		t.Run("all that is wrong is told at once", func(t *testing.T) {
			for _, c := range []struct {
				n    db.NewWebhook
				want string
			}{
				{db.NewWebhook{}, "name endpoint"},
				{db.NewWebhook{Name: " ", Endpoint: "http://inside.example", Events: []string{"nope"}}, "name endpoint events"},
				{db.NewWebhook{Name: "crm", Endpoint: "https://crm.example", Events: []string{}}, "events"},
				{db.NewWebhook{Name: "crm", Endpoint: "https://crm.example/" + strings.Repeat("x", db.EndpointMax)}, "endpoint"},
				{db.NewWebhook{Name: "crm", Endpoint: "https://crm.example/?api_key=in-" + strings.Repeat("x", 43)}, "endpoint"},
			} {
				if _, secret, err := store.CreateWebhook(ctx, ada, c.n, anywhere); fields(err) != c.want || secret != "" {
					t.Errorf("%+v: got %q, want %q", c.n, fields(err), c.want)
				}
			}
			if list, err := store.Webhooks(ctx, ada, db.Page{Number: 1, Size: 10}); err != nil || list.Total != 0 {
				t.Errorf("got %d webhooks (%v), want none", list.Total, err)
			}
		})
		w, secret := listener(t, store, ada)
		t.Run("one is made with a secret of 256 bits, and all events", func(t *testing.T) {
			if !strings.HasPrefix(secret, "whsec_") || len(secret) != len("whsec_")+44 || !slices.Equal(w.Events, db.Events.IDs()) || !w.Enabled {
				t.Errorf("got %d characters, %+v", len(secret), w)
			}
			if got, err := store.Webhook(ctx, ada, w.ID); err != nil || fmt.Sprint(got) != fmt.Sprint(w) {
				t.Errorf("got %+v (%v), want %+v", got, err, w)
			}
		})
		t.Run("another team's is not there", func(t *testing.T) {
			name := "mine"
			for what, err := range map[string]error{
				"read":   second(store.Webhook(ctx, eve, w.ID)),
				"change": second(store.UpdateWebhook(ctx, eve, w.ID, db.WebhookChange{Name: &name}, anywhere)),
				"delete": store.DeleteWebhook(ctx, eve, w.ID),
				"test":   second(store.TestWebhook(ctx, eve, w.ID)),
				"logs":   second(store.Deliveries(ctx, eve, w.ID, "", db.Page{Number: 1, Size: 1})),
				"replay": second(store.ReplayFailed(ctx, eve, w.ID, time.Time{})),
				"rotate": func() error { _, _, err := store.RotateWebhook(ctx, eve, w.ID); return err }(),
			} {
				if !db.NotFound.Is(err) {
					t.Errorf("%s: got %v, want not found", what, err)
				}
			}
		})
		t.Run("a member may not look after them, a key with the scope may", func(t *testing.T) {
			plain, full, reads := ada, ada, ada
			plain.Member = db.Member
			full.Member, full.KeyID = "", "k"
			full.Role, _ = db.RoleByID("full_access")
			reads.Member, reads.KeyID = "", "k"
			reads.Role, _ = db.RoleByID("read_only")
			for _, c := range []struct {
				p  db.Principal
				ok bool
			}{{plain, false}, {full, true}, {reads, false}, {ada, true}} {
				_, err := store.Webhook(ctx, c.p, w.ID)
				if _, more := store.Webhooks(ctx, c.p, db.Page{Number: 1, Size: 1}); (err == nil) != c.ok || (more == nil) != c.ok || !c.ok && !db.Forbidden.Is(err) {
					t.Errorf("%+v: got %v, %v", c.p, err, more)
				}
			}
			if _, _, err := store.CreateWebhook(ctx, plain, db.NewWebhook{Name: "x", Endpoint: "https://x.example"}, anywhere); !db.Forbidden.Is(err) {
				t.Errorf("a member makes one: %v", err)
			}
		})
		t.Run("it is changed in part, disabled and enabled", func(t *testing.T) {
			name, off, on, inside := "erp", false, true, "http://inside.example"
			got, err := store.UpdateWebhook(ctx, ada, w.ID, db.WebhookChange{Name: &name, Enabled: &off}, anywhere)
			if err != nil || got.Name != "erp" || got.Endpoint != w.Endpoint || got.Enabled || got.DisabledWhy != db.DisabledByPerson {
				t.Errorf("got %+v (%v)", got, err)
			}
			if _, err := store.UpdateWebhook(ctx, ada, w.ID, db.WebhookChange{Endpoint: &inside}, anywhere); fields(err) != "endpoint" {
				t.Errorf("an endpoint inside: got %v", err)
			}
			got, err = store.UpdateWebhook(ctx, ada, w.ID, db.WebhookChange{Enabled: &on, Events: &[]string{db.ContactUpdated, db.ContactCreated}}, anywhere)
			if err != nil || !got.Enabled || !got.DisabledAt.IsZero() || strings.Join(got.Events, " ") != "contact.created contact.updated" {
				t.Errorf("got %+v (%v)", got, err)
			}
		})
		t.Run("a rotated secret signs beside the one before for a day", func(t *testing.T) {
			_, fresh, err := store.RotateWebhook(ctx, ada, w.ID)
			if err != nil || fresh == secret {
				t.Fatalf("got the same secret again (%v)", err)
			}
			for _, c := range []struct {
				later time.Duration
				want  []string
			}{{0, []string{fresh, secret}}, {24*time.Hour - time.Second, []string{fresh, secret}}, {time.Second, []string{fresh}}} {
				clock.Pass(c.later)
				if _, err := store.TestWebhook(ctx, ada, w.ID); err != nil {
					t.Fatal(err)
				}
				lot := claimed(t, store, ada, w)
				var got []string
				for _, s := range lot.Secrets {
					got = append(got, s.Reveal())
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("after %v: got %d secrets, want %d", c.later, len(got), len(c.want))
				}
				if text := fmt.Sprintf("%v %+v %#v", lot, lot, lot); strings.Contains(text, "whsec_") {
					t.Errorf("a lot prints its secret: %s", text)
				}
				finishAll(t, store, lot, db.Delivered)
			}
		})
		t.Run("a team has no more than so many", func(t *testing.T) {
			for range db.WebhooksMax - 1 {
				listener(t, store, ada)
			}
			if _, _, err := store.CreateWebhook(ctx, ada, db.NewWebhook{Name: "x", Endpoint: "https://x.example"}, anywhere); fields(err) != "name" {
				t.Errorf("one more: got %v", err)
			}
		})
		t.Run("a deleted one is gone, and gets nothing more", func(t *testing.T) {
			if err := store.DeleteWebhook(ctx, ada, w.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Webhook(ctx, ada, w.ID); !db.NotFound.Is(err) {
				t.Errorf("got %v, want not found", err)
			}
			if lots, err := store.ClaimDeliveries(ctx, []db.WebhookRef{{TeamID: ada.TeamID, ID: w.ID}}, 10); err != nil || len(lots) != 0 {
				t.Errorf("got %v (%v)", lots, err)
			}
		})
	})
}

// second gives the error of two returns.
func second[T any](_ T, err error) error { return err }

// claimed claims what is due of one webhook.
func claimed(t testing.TB, store *db.Store, p db.Principal, w db.Webhook) db.Lot {
	t.Helper()
	lots, err := store.ClaimDeliveries(context.Background(), []db.WebhookRef{{TeamID: p.TeamID, ID: w.ID}}, 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(lots) == 0 {
		return db.Lot{}
	}
	return lots[0]
}

// bodies claims what is due of a webhook, and gives its events.
func bodies(t testing.TB, store *db.Store, p db.Principal, w db.Webhook) (events []map[string]any) {
	t.Helper()
	lot := claimed(t, store, p, w)
	for _, parcel := range lot.Parcels {
		body, err := store.EventBody(context.Background(), p.TeamID, parcel.EventID)
		var event map[string]any
		if err == nil {
			err = json.Unmarshal(body, &event)
		}
		if err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		if event["id"] != parcel.EventID || !db.IsID(parcel.EventID) || event["object"] != "event" {
			t.Errorf("got %v as the id, want %s", event["id"], parcel.EventID)
		}
		events = append(events, event)
	}
	if len(lot.Parcels) > 0 {
		finishAll(t, store, lot, db.Delivered)
	}
	return events
}

func finishAll(t testing.TB, store *db.Store, lot db.Lot, state db.DeliveryState) {
	t.Helper()
	var results []db.Result
	for _, p := range lot.Parcels {
		results = append(results, db.Result{Lot: &lot, EventID: p.EventID, State: state, TriedAt: lot.Until, Status: 200, Took: 3 * time.Millisecond})
	}
	if err := store.FinishDeliveries(context.Background(), results); err != nil {
		t.Fatal(err)
	}
}

func names(events []map[string]any) string {
	var all []string
	for _, e := range events {
		all = append(all, e["event"].(string))
	}
	return strings.Join(all, " ")
}

func TestEvents(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		ctx := context.Background()
		store := dbtest.Open(t, target, time.Now)
		ada := member(t, store, "ada@a.example", "A")
		assistant, err := store.CreateAssistant(ctx, ada, db.AssistantChange{Name: text("Support")})
		if err != nil {
			t.Fatal(err)
		}
		count := func() (n int) {
			if err := dbtest.Handle(t, target).QueryRow(`SELECT COUNT(*) FROM events`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if _, err := store.CreateContact(ctx, ada, db.ContactChange{Email: text("before@a.example")}); err != nil || count() != 0 {
			t.Fatalf("%v; %d events are kept that nobody listens to", err, count())
		}
		begin := func(t *testing.T, email string) db.Conversation {
			t.Helper()
			talk, err := store.CreateConversation(ctx, ada, db.NewConversation{AssistantID: assistant.ID, Contact: &db.ContactChange{Email: &email}})
			if err != nil {
				t.Fatal(err)
			}
			return talk
		}
		listen := func(t *testing.T, events ...string) db.Webhook {
			t.Helper()
			w, _ := listener(t, store, ada, events...)
			return w
		}
		expect := func(t *testing.T, w db.Webhook, want string) []map[string]any {
			t.Helper()
			got := bodies(t, store, ada, w)
			if names(got) != want {
				t.Errorf("got the events %q, want %q", names(got), want)
			}
			return got
		}
		t.Run("a conversation that is brought", func(t *testing.T) {
			w := listen(t)
			begin(t, "brought@a.example")
			expect(t, w, "contact.created contact.updated conversation.updated")
		})
		t.Run("a message, with all that was said", func(t *testing.T) {
			talk, w := begin(t, "told@a.example"), listen(t)
			for _, said := range []string{"Hello <b> & ü", "Bye"} {
				if _, err := store.AddMessage(ctx, ada, talk.ID, db.NewMessage{SenderType: "bot", Text: said}); err != nil {
					t.Fatal(err)
				}
			}
			events := expect(t, w, "conversation.updated conversation.updated")
			for i, e := range events {
				if said := e["data"].(map[string]any)["transcript"].([]any); len(said) != i+1 || len(said[0].(map[string]any)) != 10 {
					t.Errorf("event %d has the transcript %v", i, said)
				}
			}
		})
		t.Run("a message of the contact, who is seen with it", func(t *testing.T) {
			talk, w := begin(t, "seen@a.example"), listen(t)
			if _, err := store.AddMessage(ctx, ada, talk.ID, db.NewMessage{SenderType: "user", Text: "Yes"}); err != nil {
				t.Fatal(err)
			}
			expect(t, w, "contact.updated conversation.updated")
		})
		t.Run("the end, once", func(t *testing.T) {
			talk, w, closes := begin(t, "end@a.example"), listen(t), listen(t, db.ConversationClosed)
			if _, err := store.AddMessage(ctx, ada, talk.ID, db.NewMessage{SenderType: "user", Text: "Yes"}); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := store.CloseConversation(ctx, ada, talk.ID); err != nil {
					t.Fatal(err)
				}
			}
			expect(t, w, "contact.updated conversation.updated conversation.closed")
			expect(t, closes, "conversation.closed")
		})
		t.Run("a contact that is changed, and one that is not", func(t *testing.T) {
			begin(t, "changed@a.example")
			w := listen(t)
			for range 2 {
				if _, err := store.UpsertContact(ctx, ada, db.ContactChange{Email: text("changed@a.example"), FirstName: text("Zoë")}); err != nil {
					t.Fatal(err)
				}
			}
			e := expect(t, w, "contact.updated")
			if d := e[0]["data"].(map[string]any); d["first_name"] != "Zoë" || d["org_id"] != ada.TeamID {
				t.Errorf("got %v", d)
			}
		})
		t.Run("what was refused, imported or deleted tells nobody", func(t *testing.T) {
			talk := begin(t, "deleted@a.example")
			if _, err := store.CloseConversation(ctx, ada, talk.ID); err != nil {
				t.Fatal(err)
			}
			w := listen(t)
			if _, err := store.AddMessage(ctx, ada, talk.ID, db.NewMessage{SenderType: "bot", Text: "Late"}); !db.Conflict.Is(err) {
				t.Errorf("a message to what is closed: got %v, want a conflict", err)
			}
			if _, err := store.Import(ctx, ada, someTalks(3)); err != nil {
				t.Fatal(err)
			}
			if err := store.DeleteConversation(ctx, ada, talk.ID); err != nil {
				t.Fatal(err)
			}
			expect(t, w, "")
		})
		t.Run("a disabled webhook misses what happens meanwhile", func(t *testing.T) {
			stopped, disabled := listen(t), false
			if _, err := store.UpdateWebhook(ctx, ada, stopped.ID, db.WebhookChange{Enabled: &disabled}, anywhere); err != nil {
				t.Fatal(err)
			}
			begin(t, "missed@a.example")
			if list, err := store.Deliveries(ctx, ada, stopped.ID, "", db.Page{Number: 1, Size: 10}); err != nil || list.Total != 0 {
				t.Errorf("got %d deliveries (%v), want none", list.Total, err)
			}
			if _, err := store.TestWebhook(ctx, ada, stopped.ID); !db.Conflict.Is(err) {
				t.Errorf("a test to it: got %v, want a conflict", err)
			}
		})
		t.Run("a test, for one webhook", func(t *testing.T) {
			w, other := listen(t), listen(t)
			id, err := store.TestWebhook(ctx, ada, w.ID)
			if err != nil {
				t.Fatal(err)
			}
			if e := expect(t, w, "webhook.test"); len(e) != 1 || e[0]["id"] != id {
				t.Errorf("got %v, want %s", e, id)
			}
			expect(t, other, "")
		})
	})
}

func text(s string) *string { return &s }

func someTalks(n int) []db.ArchivedConversation {
	batch := make([]db.ArchivedConversation, n)
	for i := range batch {
		batch[i] = db.ArchivedConversation{
			ID: db.NewID(), DeviceType: "desktop", CreatedAt: time.Unix(1_750_000_000, 0), ClosedAt: time.Unix(1_750_000_100, 0),
			Assistant: db.ArchivedAssistant{ID: db.NewID(), Name: "Support"}, Contact: db.ArchivedContact{ID: db.NewID(), FirstName: "Zoë"},
		}
	}
	return batch
}
