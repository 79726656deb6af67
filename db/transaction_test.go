package db

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAWriteNeedsAnAskerAndATransaction(t *testing.T) {
	store, err := Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	t.Run("nobody writes nothing", func(t *testing.T) {
		for name, p := range map[string]Principal{"zero": {}, "only a team": {TeamID: NewID()}} {
			if _, err := store.change(t.Context(), p, `DELETE FROM teams`); !errors.Is(err, errNobodyAsks) {
				t.Errorf("%s: got %v, want %v", name, err, errNobodyAsks)
			}
		}
	})
	t.Run("everybody else is of some kind", func(t *testing.T) {
		for want, p := range map[Actor]Principal{
			ActorPerson: {UserID: NewID()}, ActorKey: {UserID: NewID(), KeyID: NewID()}, ActorOperator: Operator(""), ActorProgram: theProgram(),
		} {
			if got := p.Actor(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if _, err := store.change(t.Context(), p, `DELETE FROM teams`); err != nil {
				t.Errorf("%s: got %v, want no error", want, err)
			}
		}
	})
	t.Run("a statement outside a transaction writes nothing", func(t *testing.T) {
		if _, err := store.exec(t.Context(), `DELETE FROM teams`); !errors.Is(err, errNoTransaction) {
			t.Errorf("exec: got %v, want %v", err, errNoTransaction)
		}
		if err := store.returning(t.Context(), nil, `DELETE FROM teams RETURNING id`); !errors.Is(err, errNoTransaction) {
			t.Errorf("returning: got %v, want %v", err, errNoTransaction)
		}
	})
}

// The writer's pool is reached through transactions, but for opening, migrating and backing up, and for allowances, whose one
// statement is counted for nobody and would otherwise need three ways to the server while a client waits.
func TestOnlyTransactionsWrite(t *testing.T) {
	may := []string{"store.go", "transaction.go", "sqlite.go", "migrate.go", "limit_allowance.go"}
	files, _ := filepath.Glob("*.go")
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || slices.Contains(may, name) {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), ".write.") || strings.Contains(string(source), "ExecContext(") {
			t.Errorf("%s writes past transactions: use atomically or change", name)
		}
	}
	if len(files) < len(may) {
		t.Errorf("got %d files, want those of this package", len(files))
	}
}

// Endings run once for a transaction, however often they are asked for, and not where it fails.
func TestWhatHangsOnATransaction(t *testing.T) {
	store, err := Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	rung := func() bool {
		select {
		case <-store.Due():
			return true
		default:
			return false
		}
	}
	failure := errors.New("no")
	for _, c := range []struct {
		name string
		fail error
		want bool
	}{{"it is kept", nil, true}, {"it fails", failure, false}} {
		t.Run(c.name, func(t *testing.T) {
			err := store.atomically(t.Context(), theProgram(), func(tx *Store) error {
				return tx.atomically(t.Context(), theProgram(), func(inner *Store) error { // a part of the same
					if inner.outbox() != tx.outbox() || len(tx.tx.endings) != 1 {
						t.Errorf("got %d endings, want one for both", len(tx.tx.endings))
					}
					return c.fail
				})
			})
			if got := rung(); !errors.Is(err, c.fail) || got != c.want {
				t.Errorf("got %t, %v; want %t, %v", got, err, c.want, c.fail)
			}
		})
	}
}
