package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// refused gives the fields that an error finds wrong, with blanks between.
func refused(err error) string {
	var problems db.Problems
	errors.As(err, &problems)
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	return strings.Join(fields, " ")
}

func TestPasswords(t *testing.T) {
	cases := []struct {
		name     string
		password string
		accepted bool
	}{
		{"empty", "", false},
		{"14 characters", "horse staple b", false},
		{"15 characters", "horse staple ba", true},
		{"14 characters of several bytes", "žluťoučký kůň!", false},
		{"15 characters of several bytes", "žluťoučký kůň!!", true},
		{"128 characters", "x" + strings.Repeat("hž", 63) + "y", true},
		{"129 characters", "xz" + strings.Repeat("hž", 63) + "y", false},
		{"64 characters of a pattern", strings.Repeat("x9", 32), true},
		{"pictographs, accents and quotes", `🔑 été "quotes" <ok>`, true},
		{"blanks around it", "   correct horse   ", true},
		{"a common one twice", "passwordpassword", false},
		{"a common one in capitals", "PASSWORDPASSWORD", false},
		{"two common ones", "qwerty123456789", false},
		{"digits in a row", "123456789012345", false},
		{"one letter", "aaaaaaaaaaaaaaa", false},
		{"letters in a row", "abcdefghijklmno", false},
		{"the e-mail", "somebody@long.example", false},
		{"the e-mail in capitals", "Somebody@Long.Example", false},
		{"bytes that are no text", "correct horse \xff battery", false},
		{"a NUL", "correct horse \x00 battery", false},
	}
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ctx := context.Background()
		for i, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				email := "somebody@long.example"
				if c.accepted {
					email = "p" + string(rune('a'+i)) + "@long.example"
				}
				_, _, err := store.AddUser(ctx, db.Operator(""), db.NewUser{Email: email, Name: "Ada", Team: "A", Member: "member", Password: c.password})
				if want := map[bool]string{false: "password"}[c.accepted]; refused(err) != want || err != nil && want == "" {
					t.Fatalf("got %v, want %q refused", err, want)
				}
				if !c.accepted {
					return
				}
				if _, err := store.SignIn(ctx, email, c.password, db.Client{}); err != nil {
					t.Errorf("sign in with it: %v", err)
				}
			})
		}
	})
}

func TestAPasswordComposedAnotherWayIsTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ctx := context.Background()
		if _, _, err := store.AddUser(ctx, db.Operator(""), db.NewUser{Email: "ada@a.example", Name: "Ada", Team: "A", Member: "owner", Password: "un caf\u00e9 tr\u00e8s long"}); err != nil {
			t.Fatal(err)
		}
		if _, err := store.SignIn(ctx, "ada@a.example", "un cafe\u0301 tre\u0300s long", db.Client{}); err != nil {
			t.Errorf("typed on a keyboard that decomposes: got %v, want in", err)
		}
	})
}

func TestEmails(t *testing.T) {
	long := strings.Repeat("a", 60) + "." + strings.Repeat("b", 60)
	for _, c := range []struct{ typed, want string }{
		{"name@example.com", "name@example.com"},
		{"  Name.Of+tag@Example.COM\n", "name.of+tag@example.com"},
		{"o'brien_{x}@b-c.example", "o'brien_{x}@b-c.example"},
		{"jos\u00e9@b\u00fccher.example", "jos\u00e9@b\u00fccher.example"},
		{"jose\u0301@b.test", "jos\u00e9@b.test"},
		{"root@localhost", "root@localhost"},
		{"", ""},
		{"a", ""},
		{"a@", ""},
		{"@b.test", ""},
		{"a@b@c.test", ""},
		{"a b@c.test", ""},
		{"a@b c.test", ""},
		{"a@b..test", ""},
		{"a@.b.test", ""},
		{"a@b.test.", ""},
		{"a@-b.test", ""},
		{"a@b-.test", ""},
		{".a@b.test", ""},
		{"a.@b.test", ""},
		{"a..b@c.test", ""},
		{"<script>alert(1)</script>@b.test", ""},
		{`"a b"@c.test`, ""},
		{"a@b.test,c@d.test", ""},
		{"a@b.test\r\nBcc: c@d.test", ""},
		{"a(comment)@b.test", ""},
		{"a@[127.0.0.1]", ""},
		{"a@b_c.test", ""},
		{"a\x00@b.test", ""},
		{"a\xff@b.test", ""},
		{"a\u200b@b.test", ""},
		{"a\u202e@b.test", ""},
		{"a@" + strings.Repeat("b", 64) + ".test", ""},
		{long + "@" + long + ".example.com", ""},
	} {
		got, problem := db.Email("email", c.typed)
		if got != c.want || (problem == nil) != (c.want != "") {
			t.Errorf("%q: got %q (%v), want %q", c.typed, got, problem, c.want)
		}
	}
}

func TestPeople(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ada := member(t, store, "ada@a.example", "A")

		t.Run("an e-mail in another case is the same person, who only joins", func(t *testing.T) {
			user, team, err := store.AddUser(ctx, db.Operator(""), db.NewUser{Email: "ADA@a.example", Name: "Somebody Else", Team: "B", Member: "member", Password: "quite another pass phrase"})
			if err != nil || user.ID != ada.UserID || user.Name != "Ada" {
				t.Fatalf("got %+v, %v; want Ada with her own name", user, err)
			}
			if _, err := store.SignIn(ctx, "ada@a.example", "quite another pass phrase", db.Client{}); code(err) != "sign_in_failed" {
				t.Errorf("the password given on joining: got %v, want sign_in_failed", err)
			}
			teams, err := store.Teams(ctx, ada, db.Page{Number: 1, Size: 50})
			if err != nil || teams.Total != 2 || teams.Items[1].ID != team.ID {
				t.Errorf("got %+v, %v; want both teams, the older membership first", teams, err)
			}
		})

		t.Run("nobody joins a team twice", func(t *testing.T) {
			_, _, err := store.AddUser(ctx, db.Operator(""), db.NewUser{Email: "ada@a.example", Name: "Ada", Team: "A", Member: "member", Password: "a long enough pass phrase"})
			if !db.Conflict.Is(err) {
				t.Errorf("got %v, want conflict", err)
			}
			if p, err := store.MemberByEmail(ctx, "ada@a.example", "A"); err != nil || p.Member != db.Owner {
				t.Errorf("got %+v, %v; want the owner still", p, err)
			}
		})

		t.Run("everything that is wrong is told at once, and nobody is made", func(t *testing.T) {
			_, _, err := store.AddUser(ctx, db.Operator(""), db.NewUser{Email: "x", Name: " ", Team: "\u202e", Member: "root", Password: "short"})
			if got, want := refused(err), "email name team role password"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if _, err := store.TeamNamed(ctx, "\u202e"); !db.NotFound.Is(err) {
				t.Errorf("got %v, want no such team", err)
			}
		})
	})
}
