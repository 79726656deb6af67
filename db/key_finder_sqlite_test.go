package db

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

func TestASQLiteReaderKeepsWhatItFoundUntilSomebodyCommits(t *testing.T) {
	ctx := context.Background()
	store, err := Open(ctx, filepath.Join(t.TempDir(), "test.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	finder := store.finder.(sqliteFinder)
	reader := <-finder.idle
	defer func() { finder.idle <- reader }()
	ask := func(n int) {
		t.Helper()
		digest := sha256.Sum256(fmt.Append(nil, n))
		if got, err := reader.find(finder.address, `SELECT lower(hex(?1))`, digest[:]); err != nil || got != hex.EncodeToString(digest[:]) {
			t.Fatalf("%d: got %q, %v; want the hex of %x", n, got, err, digest)
		}
	}
	for range 3 {
		ask(1)
		ask(2)
	}
	if len(reader.found) != 2 {
		t.Errorf("got %d rows kept, want 2", len(reader.found))
	}
	if _, _, err := store.AddUser(ctx, Operator(""), NewUser{Email: "ada@a.example", Name: "Ada", Team: "A", Member: "owner", Password: "a long enough pass phrase"}); err != nil {
		t.Fatal(err)
	}
	ask(2)
	if len(reader.found) != 1 {
		t.Errorf("after a commit: got %d rows kept, want the one asked for since", len(reader.found))
	}
	for n := range 2*foundMax + 10 {
		ask(n)
		ask(n)
		if len(reader.found) > foundMax {
			t.Fatalf("got %d rows kept, want at most %d", len(reader.found), foundMax)
		}
	}
}
