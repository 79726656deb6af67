package browsertest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers"
	"github.com/insighto/insighto/handlers/handlertest"
)

// plainHost is a host that browsers trust as little as any on plain http; localhost is trusted like https.
const plainHost = "insighto.test"

// timeout is how long the browser may take for one thing.
const timeout = 20 * time.Second

func TestBrowser(t *testing.T) {
	c := startChrome(t)
	for _, promise := range []struct {
		name string
		keep func(*testing.T, *tab)
	}{
		{"a key is made, copied, used, revoked and deleted", walk},
		{"a key is made, copied, used, revoked and deleted without JavaScript", walkPlain},
	} {
		t.Run(promise.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, store *db.Store) { promise.keep(t, c.visit(t, newSite(t, store).withAda())) })
		})
	}
	for _, promise := range []struct {
		name string
		keep func(*testing.T, *tab)
	}{
		{"a keyboard is enough for all of it", walkByKeyboard},
		{"a key that is not copied is not closed by mistake", guardedDialog},
		{"a key is gone once its page is left", leftPage},
		{"a key that is copied or downloaded closes at once", unguardedDialog},
		{"a key on a page of its own is not left by mistake", guardedPage},
		{"a key is copied where there is no clipboard API", copiedOnPlainHTTP},
		{"a key that cannot be copied is never said to be", notCopied},
		{"a key copied by hand counts as copied", copiedByHand},
		{"a session that ended leads to sign-in and back", sessionEnded},
		{"what was typed survives a server that does not answer", outage},
		{"a question survives a server that does not answer", outageOfQuestions},
		{"a slip of the mouse keeps what was typed", slip},
		{"conversations are filtered and walked in place", walkList},
		{"conversations are filtered and walked without JavaScript", walkListPlain},
		{"the lists of a person have no fault and fit every width", listStates},
		{"the pages of a person have no fault and fit every width", personStates},
		{"the pages of a person with many keys have no fault and fit every width", manyKeysStates},
		{"the pages of usage have no fault and fit every width", usageStates},
		{"a chart's table says what the database has", usageNumbers},
		{"the pages of webhooks have no fault and fit every width", webhookStates},
		{"a webhook is added, shown once, rotated and deleted", walkWebhook},
	} {
		t.Run(promise.name, func(t *testing.T) { promise.keep(t, c.visit(t, newSite(t, freshStore(t)).withAda())) })
	}
	t.Run("the pages of a visitor have no fault and fit every width", func(t *testing.T) {
		visitorStates(t, c.visit(t, newSite(t, freshStore(t))))
	})
}

func freshStore(t *testing.T) *db.Store {
	t.Helper()
	return dbtest.Open(t, filepath.Join(t.TempDir(), "test.db"), time.Now)
}

// chrome is a browser; each tab of it is a person of its own.
type chrome struct{ ctx context.Context }

// startChrome starts the browser that INSIGHTO_TEST_BROWSER names, or Debian's; it ends with the test.
func startChrome(t *testing.T) *chrome {
	t.Helper()
	program := os.Getenv("INSIGHTO_TEST_BROWSER")
	if program == "" {
		program, _ = exec.LookPath("chromium")
	}
	if program == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no browser; the test command in the README installs one and sets INSIGHTO_TEST_BROWSER")
		}
		t.Skip("INSIGHTO_TEST_BROWSER is not set and chromium is not there: go run ./cmd/dev test installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.NoSandbox, // it visits nothing but us, and its sandbox does not start as root
		chromedp.DisableGPU,
		chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP localhost 127.0.0.1, MAP "+plainHost+" 127.0.0.1"),
	)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &chrome{ctx}
}

// site is a world that a browser can visit.
type site struct {
	*handlertest.World
	base string
	lost atomic.Bool // the database is away
	away http.Handler
}

func newSite(t *testing.T, store *db.Store) *site {
	t.Helper()
	s := &site{}
	server := httptest.NewUnstartedServer(s)
	s.base = fmt.Sprintf("http://localhost:%d", server.Listener.Addr().(*net.TCPAddr).Port)
	s.World = handlertest.Empty(t, store)
	s.Handler = s.Program(func(c *handlers.Config) { c.BaseURL = s.base })
	s.away = s.Program(func(c *handlers.Config) { c.BaseURL, c.Store, c.Usage = s.base, lostStore(t), nil })
	ctx, stop := context.WithCancel(context.Background())
	var written sync.WaitGroup
	written.Go(func() { s.Usage.Run(ctx) })
	t.Cleanup(func() { stop(); written.Wait() })
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// lostStore is a store whose disk has gone.
func lostStore(t *testing.T) *db.Store {
	t.Helper()
	disk := t.TempDir()
	store, err := db.Connect(t.Context(), filepath.Join(disk, "lost.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := os.RemoveAll(disk); err != nil {
		t.Fatal(err)
	}
	return store
}

// withAda gives the site its first person.
func (s *site) withAda() *site {
	s.T.Helper()
	s.Ada = s.Person("ada@a.example", "A")
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.lost.Load() {
		s.away.ServeHTTP(w, r)
	} else {
		s.Handler.ServeHTTP(w, r)
	}
}
