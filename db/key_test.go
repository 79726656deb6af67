package db_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// member adds a person to a team and gives who they are.
func member(t testing.TB, store *db.Store, email, team string) db.Principal {
	t.Helper()
	user, tm, err := store.AddUser(context.Background(), db.Operator(""), db.NewUser{Email: email, Name: "Ada", Team: team, Member: "owner", Password: "a long enough pass phrase"})
	if err != nil {
		t.Fatal(err)
	}
	return db.Principal{TeamID: tm.ID, UserID: user.ID, Member: db.Owner}
}

func newKey(t testing.TB, store *db.Store, p db.Principal, role string) (db.Key, string) {
	t.Helper()
	k, secret, err := store.CreateKey(context.Background(), p, db.NewKey{Name: "laptop", Role: role, Description: "for a test"})
	if err != nil {
		t.Fatal(err)
	}
	return k, secret
}

func code(err error) string {
	var e *db.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// letIn gives why a secret is not let in, or nil, which its introspection must say alike.
func letIn(ctx context.Context, store *db.Store, secret string) error {
	_, err := store.Authenticate(ctx, secret)
	if _, other := store.Introspect(ctx, secret); code(other) != code(err) {
		return other
	}
	return err
}

func TestKeys(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ada, bob, eve := member(t, store, "ada@a.example", "A"), member(t, store, "bob@a.example", "A"), member(t, store, "eve@b.example", "B")

		t.Run("a key opens what its role says until it is revoked", func(t *testing.T) {
			k, secret := newKey(t, store, ada, "contacts_sync")
			if len(secret) != 46 || !strings.HasPrefix(secret, "in-") || k.Prefix != secret[:11] {
				t.Errorf("secret of %d characters, prefix %q", len(secret), k.Prefix)
			}
			c, err := store.Introspect(ctx, secret)
			if err != nil {
				t.Fatal(err)
			}
			if p, err := store.Authenticate(ctx, secret); err != nil || !reflect.DeepEqual(p, c.Principal) {
				t.Errorf("authenticated as %+v (%v), introspected as %+v", p, err, c.Principal)
			}
			if c.KeyID != k.ID || c.TeamID != ada.TeamID || c.UserID != ada.UserID || c.Role.ID != "contacts_sync" {
				t.Errorf("got %+v", c.Principal)
			}
			if !reflect.DeepEqual(c.Key, k) || c.User.Email != "ada@a.example" || c.User.ID != ada.UserID || c.Team != (db.Team{ID: ada.TeamID, Name: "A"}) {
				t.Errorf("got %+v", c)
			}
			if !c.Role.Opens(db.ContactsWrite) || c.Role.Opens(db.ConversationsRead) || !c.Role.Opens(db.AnyRole) {
				t.Errorf("contact sync opens %v", c.Role.Scopes)
			}
			revoked, err := store.RevokeKey(ctx, ada, k.ID)
			if err != nil || !revoked.Revoked() {
				t.Fatalf("revoke: %v, %+v", err, revoked)
			}
			if err := letIn(ctx, store, secret); code(err) != "key_revoked" {
				t.Errorf("after revoke: got %v, want key_revoked", err)
			}
			again, err := store.RevokeKey(ctx, ada, k.ID)
			if err != nil || !again.RevokedAt.Equal(revoked.RevokedAt) {
				t.Errorf("revoked again: %v, time went from %v to %v", err, revoked.RevokedAt, again.RevokedAt)
			}
			if err := store.DeleteKey(ctx, ada, k.ID); err != nil {
				t.Fatal(err)
			}
			if err := letIn(ctx, store, secret); code(err) != "key_unknown" {
				t.Errorf("after delete: got %v, want key_unknown", err)
			}
		})

		t.Run("another person's key and a missing one are the same, even for the team's owner", func(t *testing.T) {
			k, secret := newKey(t, store, bob, "read_only")
			_, missing := store.Key(ctx, ada, db.NewID())
			for name, p := range map[string]db.Principal{"the owner of the same team": ada, "another team": eve} {
				for _, id := range []string{k.ID, "nonsense", ""} {
					if _, err := store.Key(ctx, p, id); err == nil || err.Error() != missing.Error() {
						t.Errorf("%s reads %q: %v", name, id, err)
					}
					if _, err := store.RevokeKey(ctx, p, id); err == nil || err.Error() != missing.Error() {
						t.Errorf("%s revokes %q: %v", name, id, err)
					}
					if err := store.DeleteKey(ctx, p, id); err == nil || err.Error() != missing.Error() {
						t.Errorf("%s deletes %q: %v", name, id, err)
					}
				}
				list, err := store.Keys(ctx, p, db.Page{Number: 1, Size: 50})
				if err != nil || list.Total != 0 || len(list.Items) != 0 {
					t.Errorf("%s lists %d keys of another: %v", name, list.Total, err)
				}
			}
			if _, err := store.Authenticate(ctx, secret); err != nil {
				t.Errorf("the key was touched: %v", err)
			}
		})

		t.Run("a key stops when its person is deactivated", func(t *testing.T) {
			p := member(t, store, "gone@a.example", "A")
			_, secret := newKey(t, store, p, "read_only")
			if err := store.DeactivateUser(ctx, db.Operator(""), "Gone@A.example"); err != nil {
				t.Fatal(err)
			}
			if err := letIn(ctx, store, secret); code(err) != "key_unknown" {
				t.Errorf("got %v, want key_unknown", err)
			}
		})
	})
}

func TestKeyInput(t *testing.T) {
	long := func(n int) string { return strings.Repeat("ж", n) }
	cases := []struct {
		name   string
		key    db.NewKey
		fields string
	}{
		{"everything missing", db.NewKey{}, "name role description"},
		{"blanks only", db.NewKey{Name: " \t", Role: "read_only", Description: "\u200b\ufeff"}, "name description"},
		{"letters that are drawn as nothing", db.NewKey{Name: "\u3164\u2800", Role: "read_only", Description: "d"}, "name"},
		{"punctuation only", db.NewKey{Name: "+++", Role: "read_only", Description: "d"}, "name"},
		{"64 and 280 characters", db.NewKey{Name: long(64), Role: "read_only", Description: long(280)}, ""},
		{"65 and 281 characters", db.NewKey{Name: long(65), Role: "read_only", Description: long(281)}, "name description"},
		{"64 pictographs", db.NewKey{Name: strings.Repeat("🔑", 64), Role: "read_only", Description: "d"}, ""},
		{"a role with a blank", db.NewKey{Name: "n", Role: "read_only ", Description: "d"}, "role"},
		{"a role of people", db.NewKey{Name: "n", Role: "owner", Description: "d"}, "role"},
		{"a line break in the name", db.NewKey{Name: "a\nb", Role: "read_only", Description: "d"}, "name"},
		{"a line break in the description", db.NewKey{Name: "n", Role: "read_only", Description: "a\r\nb"}, ""},
		{"a control character", db.NewKey{Name: "a\x00b", Role: "read_only", Description: "a\u0085"}, "name"},
		{"a bidirectional override", db.NewKey{Name: "a\u202eb", Role: "read_only", Description: "\u2066x"}, "name description"},
		{"broken UTF-8", db.NewKey{Name: "a\xffb", Role: "read_only", Description: "\xed\xa0\x80"}, "name description"},
		{"a key", db.NewKey{Name: "in-" + strings.Repeat("a1B", 14) + "z", Role: "read_only", Description: "in-" + strings.Repeat("a1B", 14) + "z"}, "name description"},
		{"markup and SQL", db.NewKey{Name: `"><img src=x>'); DROP TABLE keys;--`, Role: "read_only", Description: "{{7*7}}%s"}, ""},
	}
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ctx, ada := context.Background(), member(t, store, "ada@a.example", "A")
		want := int64(0)
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				k, _, err := store.CreateKey(ctx, ada, c.key)
				var problems db.Problems
				errors.As(err, &problems)
				var fields []string
				for _, p := range problems {
					fields = append(fields, p.Field)
				}
				if got := strings.Join(fields, " "); got != c.fields {
					t.Errorf("wrong fields: got %q, want %q (%v)", got, c.fields, err)
				}
				if err == nil {
					want++
					kept, err := store.Key(ctx, ada, k.ID)
					if err != nil || kept.Name != k.Name || kept.Role.ID != k.Role.ID || kept.Description != k.Description || kept.Prefix != k.Prefix || !kept.CreatedAt.Equal(k.CreatedAt) {
						t.Errorf("kept %+v (%v), made %+v", kept, err, k)
					}
				}
			})
		}
		list, err := store.Keys(ctx, ada, db.Page{Number: 1, Size: 50})
		if err != nil || list.Total != want {
			t.Errorf("%d keys are kept (%v), want %d: what is refused leaves no row", list.Total, err, want)
		}
	})
}
