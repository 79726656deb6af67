package handlers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
)

func TestKeyEndpoint(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		key, secret := w.Key(w.Ada, "contacts_sync")
		rec := w.Get("/api/v1/key", secret)
		want := `{"message":"","meta":{},"data":{"id":"` + key.ID + `","name":"laptop","prefix":"` + key.Prefix +
			`","role":"contacts_sync","scopes":["contacts:read","contacts:write"],"description":"for a test","created_at":"` +
			key.CreatedAt.Format("2006-01-02T15:04:05.999Z07:00") + `","team":{"id":"` + w.Ada.TeamID + `","name":"A"},"user":{"id":"` +
			w.Ada.UserID + `","name":"Ada Lovelace","email":"ada@a.example"}}}` + "\n"
		if rec.Code != 200 || rec.Body.String() != want {
			t.Errorf("got %d %s\nwant %s", rec.Code, rec.Body, want)
		}
		if err := w.Usage.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := decode(t, w.Get("/api/v1/key", secret))["data"].(map[string]any)["last_used_at"]; got == nil {
			t.Error("a use is not told")
		}
		odd, secret, err := w.Store.CreateKey(context.Background(), w.Ada, db.NewKey{Name: `Zoë’s <"b">&\ 🔑`, Role: "conversations_export", Description: "one\ntwo"})
		if err != nil {
			t.Fatal(err)
		}
		want = `{"id":"` + odd.ID + `","name":"Zoë’s <\"b\">&\\ 🔑","prefix":"` + odd.Prefix + `","role":"conversations_export","scopes":["conversations:read","assistants:read"],"description":"one\ntwo","created_at":"`
		if rec := w.Get("/api/v1/key", secret); rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
			t.Errorf("got %d %s\nwant %s…", rec.Code, rec.Body, want)
		}
	})
}
