package handlers_test

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/handlertest"
)

// notHere are the paths of bad-inputs.json that this product does not serve yet. A case below one of them is sent all
// the same; it counts once the answer is no longer that of a missing route.
var notHere = []struct{ prefix, why string }{
	{"(receiver)", "handlers/webhook is where deliveries are tested, each of these receivers too"},
	{"/contacts/import", "there is no import by page yet"},
}

// without are fixtures that this product cannot give.
var without = map[string]string{
	"user:read-only": "there is no person who may only read: every member may make a key of every role",
}

// instead are the cases that the contract answers otherwise; the contract wins.
var instead = map[string]struct {
	status int
	why    string
}{
	"LST035": {200, "sort is no parameter of ours, and unknown parameters are ignored"},
	"LST036": {200, "sort is no parameter of ours, and unknown parameters are ignored"},
	"LST037": {200, "order is no parameter of ours, and unknown parameters are ignored"},
	"LST034": {200, "a cursor is a place and names no team, so that an export that was imported elsewhere is the same: the asker sees own rows only"},
	"LST039": {200, "fields is no parameter of ours, and unknown parameters are ignored"},
	"LST043": {200, "q is no parameter of ours, and unknown parameters are ignored"},
	"LST074": {200, "granularity is no parameter of ours (interval is), and unknown parameters are ignored"},
	"LST075": {200, "granularity is no parameter of ours (interval is), and unknown parameters are ignored"},
	"LST091": {422, "date_from and date_to are required"},
	"JSN040": {200, "name is no field of ours, and unknown fields are ignored"},
	"WHK053": {200, "a webhook may go to http, as long as the address is public"},
	"KFM051": {200, "where a request comes from is what proves it, so there is no token that could be another's"},
}

// codes are the cases whose code the contract names otherwise.
var codes = map[string]string{"KEY001": "key_missing", "KEY004": "key_repeated", "KEY060": "key_revoked", "KEY074": "rate_limited"}

// badInput is one case of testdata/bad-inputs.json.
type badInput struct {
	ID        string
	Area      string
	Method    string
	Path      string `json:"path_template"`
	Query     string
	Headers   map[string]string
	Body      string
	As        string
	Want      []int  `json:"expect_status"`
	Note      string `json:"expect_note"`
	CSRF      any
	NoKey     bool   `json:"no_auto_key"`
	Target    string `json:"target_id"`
	Repeat    int
	Together  int `json:"concurrent"`
	Chunked   bool
	Raw       string `json:"raw_request"`
	Encoding  string `json:"body_encoding"`
	Multipart *struct {
		Field    string
		Filename string
		Type     string `json:"content_type"`
	}
	Precondition string
}

func badInputs(t *testing.T) []badInput {
	t.Helper()
	text, err := os.ReadFile("testdata/bad-inputs.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []badInput
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// onWire gives where the request goes, without the query.
func (c badInput) onWire() string {
	if c.Raw == "" {
		return c.Path
	}
	_, target, _ := strings.Cut(c.Raw, " ")
	target, _, _ = strings.Cut(target, "?")
	return target
}

func (c badInput) missing() (why string, ok bool) {
	for _, n := range notHere {
		if strings.HasPrefix(c.onWire(), n.prefix) {
			return n.why, true
		}
	}
	return "", false
}

// TestBadInputs sends every request of testdata/bad-inputs.json whose path is here to a real listening server.
func TestBadInputs(t *testing.T) {
	cases := badInputs(t)
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		w := newWorld(t, dbtest.Open(t, target, time.Now))
		r := &badRun{world: w, handle: dbtest.Handle(t, target), fixtures: w.fixtures(), why: map[string][]string{}}
		r.server, r.complaints = w.listen(t, w.Store)
		for _, c := range cases {
			if c.Area != "signup" {
				t.Run(c.ID, func(t *testing.T) { r.run(t, c) })
				continue
			}
			t.Run(c.ID, func(t *testing.T) {
				fresh := filepath.Join(t.TempDir(), "fresh.db")
				if db.IsPostgres(target) {
					fresh = dbtest.Postgres(t)
				}
				r.signUp(t, dbtest.Open(t, fresh, time.Now), c)
			})
		}
		if n := r.ran + r.rather + r.absent + r.unfit; n != r.sent {
			t.Errorf("%d of %d cases are accounted for", n, r.sent)
		}
		t.Logf("%d cases: %d answered as asked, %d as the contract says instead, %d not here yet, %d without a fixture", r.sent, r.ran, r.rather, r.absent, r.unfit)
		for _, why := range slices.Sorted(maps.Keys(r.why)) {
			t.Logf("%s: %s", why, strings.Join(r.why[why], " "))
		}
	})
}

// badRun counts what became of the cases on one engine.
type badRun struct {
	*world
	handle     *sql.DB
	fixtures   map[string]string
	server     *httptest.Server
	complaints *handlertest.Log // of net/http

	sent, ran, rather, absent, unfit int
	why                              map[string][]string
}

// fixtures gives the placeholders of the cases their values, and makes what they name.
func (w *world) fixtures() map[string]string {
	ctx := context.Background()
	must := func(err error) {
		w.T.Helper()
		if err != nil {
			w.T.Fatal(err)
		}
	}
	eve := w.Person("eve@b.example", "B")
	foreign := conversations(1)
	foreign[0].Assistant.Name, foreign[0].Contact.FirstName = "Foreign assistant", "Foreign contact"
	_, err := w.Store.Import(ctx, eve, foreign)
	must(err)
	_, hers, err := w.Store.CreateKey(ctx, eve, db.NewKey{Name: "eve-laptop", Role: "full_access", Description: "Foreign description"})
	must(err)
	own, read := w.Key(w.Ada, "read_only")
	_, write := w.Key(w.Ada, "full_access")
	for secret, once := range map[string]string{write: "used", hers: "hers"} {
		w.Do(http.MethodPost, "/api/v1/contact/upsert?api_key="+secret, `{"email":"first@b.test"}`, "Content-Type", "application/json", "Idempotency-Key", once)
	}
	hook, _, err := w.Store.CreateWebhook(ctx, eve, db.NewWebhook{Name: "Foreign webhook", Endpoint: "https://example.com"}, handlertest.Outside().Check)
	must(err)
	place := db.Cursor{At: foreign[0].CreatedAt, ID: dev}.String()
	revoked, stopped := w.Key(w.Ada, "read_only")
	_, err = w.Store.RevokeKey(ctx, w.Ada, revoked.ID)
	must(err)
	deleted, _ := w.Key(w.Ada, "read_only")
	must(w.Store.DeleteKey(ctx, w.Ada, deleted.ID))

	w.Person("gone@a.example", "A")
	gone := w.SignIn("gone@a.example")
	must(w.Store.DeactivateUser(ctx, db.Operator(""), "gone@a.example"))
	w.Person("new@a.example", "A")
	before := w.SignIn("new@a.example")
	w.Post("/settings/security/password", w.SignIn("new@a.example"), url.Values{"current": {passphrase}, "password": {"another long pass phrase"}})
	left := w.SignIn("ada@a.example")
	w.Post("/logout", left, nil)
	return map[string]string{
		"key:read": read, "key:write": write, "key:revoked": stopped,
		"role.read": "read_only", "role.admin": "full_access",
		"user.email": "ada@a.example", "user.password": passphrase, "session_cookie": "insighto",
		"cookie:user": w.SignIn("ada@a.example"), "cookie:user:logged-out": left, "cookie:user:disabled": gone, "cookie:user:pw-changed": before,
		"own.key.id": own.ID, "existing.key.name": own.Name, "revoked.key.id": revoked.ID, "deleted.key.id": deleted.ID,
		"other.key.name": "eve-laptop", "other.user.id": eve.UserID, "other.team.id": eve.TeamID, "other.csrf": "of-another",
		"cursor:other-user": place, "cursor:tampered": place[:12] + map[bool]string{true: "B", false: "A"}[place[12] == 'A'] + place[13:],
		"used.idempotency.key": "used", "other.idempotency.key": "hers",
		"other.webhook.id": hook.ID,
		"other.contact.id": dev, "other.assistant.id": quotes,
		"NAME_MAX": strconv.Itoa(db.NameMax), "DESC_MAX": strconv.Itoa(db.DescriptionMax), "SIZE_MAX": "100", "BODY_MAX": "1048576", "FILE_MAX": "5242880",
	}
}

// listen serves a copy of the program as the command does; what net/http complains about goes to the second return.
func (w *world) listen(t *testing.T, store *db.Store) (*httptest.Server, *handlertest.Log) {
	t.Helper()
	handler, _ := w.Copy(store)
	complaints := &handlertest.Log{}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ReadHeaderTimeout, server.Config.ReadTimeout = 5*time.Second, 3*time.Second
	server.Config.MaxHeaderBytes = 64 << 10
	server.Config.ErrorLog = log.New(complaints, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return server, complaints
}

func (r *badRun) count(c badInput, n *int, why string) {
	*n++
	if why != "" {
		r.why[why] = append(r.why[why], c.ID)
	}
}

// run sends a case and holds the answer to what is asked of it and of all. What is sent often gets a copy of the
// program of its own, so that it slows nobody else.
func (r *badRun) run(t *testing.T, c badInput) {
	r.sent++
	missing, isMissing := c.missing()
	if c.Method == "DELIVER" { // it tells of a receiver, and names no request
		r.count(c, &r.absent, missing)
		t.Skip(missing)
	}
	server, complaints := r.server, r.complaints
	if c.Repeat > 1 {
		server, complaints = r.listen(t, r.Store)
	}
	requests, err := r.requests(c, server.Listener.Addr().String())
	if err != nil {
		why, known := without[err.Error()]
		switch {
		case isMissing:
			r.count(c, &r.absent, missing)
			t.Skip(missing)
		case known:
			r.count(c, &r.unfit, why)
			t.Skip(why)
		}
		t.Fatalf("no fixture: %v", err)
	}
	if c.Precondition != "" {
		defer r.fill(t)()
	}
	keysBefore, logBefore := r.keys(t), len(r.Log.String())
	answers := exchange(t, server.Listener.Addr().String(), requests, c.Together > 0)
	r.checkAll(t, c, answers, r.Log.String()[logBefore:])
	if text := complaints.String(); strings.Contains(text, "panic") || strings.Contains(text, "superfluous") {
		t.Errorf("net/http says %s", text)
	}
	last := answers[len(answers)-1]
	r.checkRows(t, c, last, keysBefore)
	r.checkNext(t, server)
	if isMissing {
		isMissing = last.isMissingRoute()
	}
	if isMissing {
		r.count(c, &r.absent, missing)
		t.Skip(missing)
	}
	r.checkStatus(t, c, last)
}

// signUp sends a sign-up case to /setup of a fresh store, with the code from the terminal; an owner who is made can
// sign in with just that password.
func (r *badRun) signUp(t *testing.T, store *db.Store, c badInput) {
	r.sent++
	w := emptyWorld(t, store)
	code, err := store.NewSetupCode(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c.Path, c.Body = "/setup", c.Body+"&team=T&code="+code
	server, _ := w.listen(t, store)
	host := server.Listener.Addr().String()
	requests, err := r.requests(c, host)
	if err != nil {
		t.Fatal(err)
	}
	answers := exchange(t, host, requests, false)
	r.checkAll(t, c, answers, w.Log.String())
	last := answers[len(answers)-1]
	anybody, err := store.HasUsers(context.Background())
	if want := answers[0].status == http.StatusSeeOther; err != nil || anybody != want {
		t.Errorf("somebody can sign in: %v (%v), want %v", anybody, err, want)
	}
	if last.status == http.StatusSeeOther {
		_, body, _ := bytes.Cut(requests[0], []byte("\r\n\r\n"))
		form, _ := url.ParseQuery(string(body))
		if _, err := store.SignIn(context.Background(), form.Get("email"), form.Get("password"), db.Client{}); err != nil {
			t.Errorf("the new owner cannot sign in: %v", err)
		}
	}
	r.checkStatus(t, c, last)
}

func (r *badRun) checkStatus(t *testing.T, c badInput, a answered) {
	t.Helper()
	if code, ok := codes[c.ID]; ok && a.code() != code {
		t.Errorf("code: got %q, want %q", a.code(), code)
	}
	if rule, ok := instead[c.ID]; ok {
		r.count(c, &r.rather, rule.why)
		if a.status != rule.status {
			t.Errorf("got %d, want %d, since %s (%s)", a.status, rule.status, rule.why, c.Note)
		}
		return
	}
	r.count(c, &r.ran, "")
	if !slices.Contains(c.Want, a.status) {
		t.Errorf("got %d, want one of %v: %s\n%.400s", a.status, c.Want, c.Note, a.body)
	}
}

// leak is what no answer may hold: a stack, a path of ours, an engine's words.
var leak = regexp.MustCompile(`goroutine \d+ \[|runtime/panic|SQLITE_|sqlite3?:|pq: |SQLSTATE|go/pkg/mod|\.go:\d+|no such table|syntax error at or near|/testdata/|test\.db`)

// checkAll holds answers and the log to what all of them must keep to.
func (r *badRun) checkAll(t *testing.T, c badInput, answers []answered, log string) {
	t.Helper()
	lines := map[string]int{}
	for line := range strings.Lines(log) {
		var entry struct {
			Msg       string
			RequestID string `json:"request_id"`
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "request" {
			lines[entry.RequestID]++
		}
	}
	for _, secret := range []string{r.fixtures["key:read"][3:], r.fixtures["key:write"][3:], r.fixtures["key:revoked"][3:], passphrase, url.QueryEscape(passphrase), "ada@a.example", "ada%40a.example"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	for _, a := range answers {
		r.checkOne(t, c, a)
		id := a.header.Get("X-Request-Id")
		if ours := a.header.Get("Content-Security-Policy") != ""; ours && (id == "" || lines[id] != 1) || !ours && id != "" {
			t.Errorf("request %q has %d lines in the log, want 1", id, lines[id])
		}
	}
}

func (r *badRun) checkOne(t *testing.T, c badInput, a answered) {
	t.Helper()
	h := a.header
	if a.err != nil {
		t.Fatalf("no answer: %v", a.err)
	}
	if a.status == 500 || a.status > 500 && !slices.Contains(c.Want, a.status) {
		t.Errorf("got %d: %.400s", a.status, a.body)
	}
	if found := leak.Find(a.all); found != nil {
		t.Errorf("the answer holds %q", found)
	}
	if len(a.more) > 0 {
		t.Errorf("more than one answer on the connection: %.200q", a.more)
	}
	if len(a.body) > 0 && h.Get("Content-Type") == "" {
		t.Error("no Content-Type")
	}
	if to := h.Get("Location"); to != "" && (to[0] != '/' || len(to) > 1 && strings.ContainsAny(to[1:2], "/\\\t")) {
		t.Errorf("Location leads to %q", to)
	}
	if a.status == 405 && h.Get("Allow") == "" || a.status == 429 && h.Get("Retry-After") == "" || a.status == 401 && strings.HasPrefix(c.Path, "/api/") && h.Get("WWW-Authenticate") == "" {
		t.Errorf("%d lacks its header: %v", a.status, h)
	}
	for _, cookie := range (&http.Response{Header: h}).Cookies() {
		if cookie.Name != "insighto" || cookie.Value == "attacker-chosen" {
			t.Errorf("a cookie is set that is not ours: %s", cookie)
		}
	}
	for _, foreign := range []string{"Foreign", "<script>alert", "<img src", "Access-Control-Allow"} {
		if bytes.Contains(a.all, []byte(foreign)) {
			t.Errorf("the answer holds %s", foreign)
		}
	}
	if c.Area == "http" && bytes.Contains(a.all, []byte("evil.example")) {
		t.Error("the answer names a host that the client made up")
	}
	for _, name := range []string{"key:read", "key:write", "key:revoked"} {
		if bytes.Contains(a.all, []byte(r.fixtures[name][3:])) {
			t.Errorf("%s is in the answer", name)
		}
	}
}

// checkRows wants a key more after a key was shown, and none more otherwise.
func (r *badRun) checkRows(t *testing.T, c badInput, a answered, before int) {
	t.Helper()
	want := before
	if c.Area == "key-form" && c.Method == http.MethodPost && a.status == http.StatusOK {
		want++
		if shown := keyOn(string(a.body)); shown == "" || strings.Contains(c.Body, shown) {
			t.Errorf("the new key is %q", shown)
		}
	}
	if got := r.keys(t); got != want {
		t.Errorf("%d keys are kept, want %d", got, want)
	}
}

var keyShape = regexp.MustCompile(`in-[0-9A-Za-z]{43}`)

// keyOn gives the key that a page shows, or nothing.
func keyOn(page string) string { return keyShape.FindString(page) }

// checkNext wants the next request with a good key to pass, from the same address on a new connection.
func (r *badRun) checkNext(t *testing.T, server *httptest.Server) {
	t.Helper()
	good := "GET /api/v1/key?api_key=" + r.fixtures["key:read"] + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
	if a := send(server.Listener.Addr().String(), []byte(good)); a.err != nil || a.status != http.StatusOK {
		t.Errorf("the next good request: got %d (%v), want 200: %s", a.status, a.err, a.body)
	}
}

func (r *badRun) keys(t *testing.T) (n int) {
	t.Helper()
	if err := r.handle.QueryRow(`SELECT COUNT(*) FROM keys`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// fill gives Ada as many keys as a person may hold, and returns what takes the rest away again.
func (r *badRun) fill(t *testing.T) (undo func()) {
	t.Helper()
	ctx := context.Background()
	list, err := r.Store.Keys(ctx, r.Ada, db.Page{Number: 1, Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := r.handle.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to undo
	for range db.KeysMax - list.Total {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO keys (team_id, id, user_id, digest, prefix, name, role, description, created_at)
			VALUES ($1, $2, $3, $4, 'in-filler', 'filler', 'read_only', 'filler', 0)`, r.Ada.TeamID, db.NewID(), r.Ada.UserID, []byte(rand.Text())); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := r.handle.ExecContext(ctx, `DELETE FROM keys WHERE prefix = 'in-filler'`); err != nil {
			t.Error(err)
		}
	}
}

// answered is what came back on one connection.
type answered struct {
	status int
	header http.Header
	body   []byte
	all    []byte // as it came over the wire
	more   []byte // what followed the answer
	err    error
}

// code gives the code of an API answer.
func (a answered) code() string {
	var problem struct{ Code string }
	_ = json.Unmarshal(a.body, &problem)
	return problem.Code
}

// isMissingRoute tells that no route took the request: of a page by status, of the API by its code.
func (a answered) isMissingRoute() bool {
	if code := a.code(); code != "" {
		return code == "no_such_route" || code == "method_not_allowed"
	}
	return a.status == http.StatusNotFound || a.status == http.StatusMethodNotAllowed
}

func exchange(t *testing.T, host string, requests [][]byte, together bool) []answered {
	t.Helper()
	answers := make([]answered, len(requests))
	if !together {
		for i, request := range requests {
			answers[i] = send(host, request)
		}
		return answers
	}
	var all sync.WaitGroup
	for i, request := range requests {
		all.Go(func() { answers[i] = send(host, request) })
	}
	all.Wait()
	return answers
}

// send writes a request as it is and reads one answer; then it says that nothing more will come, and reads on.
func send(host string, request []byte) (a answered) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return answered{err: err}
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	written := make(chan struct{})
	go func() { // a server may answer before it has read all
		defer close(written)
		_, _ = conn.Write(request)
	}()
	var wire bytes.Buffer
	in := bufio.NewReader(io.TeeReader(conn, &wire))
	method, _, _ := bytes.Cut(request, []byte(" "))
	response, err := http.ReadResponse(in, &http.Request{Method: string(method)})
	if err != nil {
		return answered{err: errors.Join(err, fmt.Errorf("after %q", wire.Bytes()))}
	}
	a.body, a.err = io.ReadAll(response.Body)
	a.status, a.header = response.StatusCode, response.Header
	<-written
	_ = conn.(*net.TCPConn).CloseWrite()
	a.more, _ = io.ReadAll(in)
	a.all = wire.Bytes()
	return a
}

// noFixture is an error whose text is the placeholder that cannot be filled.
type noFixture string

func (n noFixture) Error() string { return string(n) }

// requests gives the bytes of a case, as often as it is to be sent.
func (r *badRun) requests(c badInput, host string) ([][]byte, error) {
	requests := make([][]byte, max(1, c.Repeat, c.Together))
	for i := range requests {
		b := builder{fixtures: r.fixtures, host: host}
		if c.Raw != "" {
			requests[i] = latin1(b.fill(c.Raw, false))
		} else {
			requests[i] = b.request(c)
		}
		if b.err != nil {
			return nil, b.err
		}
	}
	return requests, nil
}

func latin1(text string) []byte {
	out := make([]byte, 0, len(text))
	for _, c := range text {
		out = append(out, byte(c))
	}
	return out
}

// builder turns a case into bytes; err is the first placeholder that it could not fill.
type builder struct {
	fixtures map[string]string
	host     string
	err      error
}

// guarded are the areas of pages, whose requests say that they come from the same site.
var guarded = []string{"login", "signup", "key-form", "key-actions", "webhook-url", "next-redirect", "csv-import"}

func (b *builder) request(c badInput) []byte {
	if c.Area == "key-form" { // the description is required here, and what a case is about is another field
		c.Body = strings.Replace(c.Body+"&", "description=&", "description=for+a+test&", 1)
		c.Body = strings.TrimSuffix(c.Body, "&")
	}
	if c.Area == "webhook-url" && strings.HasPrefix(c.Body, "url=") { // what a case is about is the endpoint, and the name is required
		c.Body = strings.Replace(c.Body, "url=", "name=hook&endpoint=", 1)
	}
	if c.Area == "list-params" { // what others call a cursor, our lists call after
		c.Query = strings.Replace(c.Query, "cursor=", "after=", 1)
	}
	path, query := b.fill(strings.ReplaceAll(c.Path, "{id}", c.Target), true), b.fill(c.Query, true)
	if strings.HasPrefix(c.As, "key:") && !c.NoKey && !strings.Contains(query, "api_key") {
		query = strings.TrimPrefix(query+"&api_key="+b.fixture(c.As), "&")
	}
	if query != "" {
		path += "?" + query
	}
	h := map[string]string{"Host": b.host, "Connection": "close"}
	for name, value := range c.Headers {
		h[name] = b.fill(value, false)
	}
	b.signIn(c, h)
	body := b.body(c, h)
	if hasBody := !slices.Contains([]string{"GET", "HEAD", "OPTIONS", "TRACE"}, c.Method) || len(body) > 0; hasBody && c.Chunked {
		h["Transfer-Encoding"], body = "chunked", chunked(body)
	} else if hasBody {
		h["Content-Length"] = cmp.Or(h["Content-Length"], strconv.Itoa(len(body)))
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\n", c.Method, path)
	for _, name := range slices.Sorted(maps.Keys(h)) {
		fmt.Fprintf(&out, "%s: %s\r\n", name, h[name])
	}
	out.WriteString("\r\n")
	out.Write(body)
	return out.Bytes()
}

// signIn adds the session of the person who sends a case, and where the request says that it comes from.
func (b *builder) signIn(c badInput, h map[string]string) {
	if strings.HasPrefix(c.As, "user") {
		cookie, ok := b.fixtures["cookie:"+c.As]
		if !ok {
			b.lack(c.As)
		}
		if h["Cookie"] != "" {
			cookie += "; " + h["Cookie"]
		}
		h["Cookie"] = cookie
		if token, ok := c.CSRF.(string); ok {
			h["X-CSRF-Token"] = b.fill(token, false)
		}
	}
	if c.CSRF != false && slices.Contains(guarded, c.Area) {
		h["Sec-Fetch-Site"] = cmp.Or(h["Sec-Fetch-Site"], "same-origin")
	}
}

func (b *builder) body(c badInput, h map[string]string) []byte {
	var body []byte
	switch c.Encoding {
	case "base64":
		body, b.err = base64.StdEncoding.DecodeString(c.Body)
	case "gen":
		body = b.compressed(c.Body)
	default:
		body = []byte(b.fill(c.Body, strings.Contains(h["Content-Type"], "urlencoded")))
	}
	if m := c.Multipart; m != nil {
		edge := "b" + rand.Text()
		h["Content-Type"] = "multipart/form-data; boundary=" + edge
		head := fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=%q; filename=%q\r\nContent-Type: %s\r\n\r\n", edge, m.Field, m.Filename, m.Type)
		body = slices.Concat([]byte(head), body, []byte("\r\n--"+edge+"--\r\n"))
	}
	return body
}

func chunked(body []byte) []byte {
	var out bytes.Buffer
	for chunk := range slices.Chunk(body, 65536) {
		fmt.Fprintf(&out, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	out.WriteString("0\r\n\r\n")
	return out.Bytes()
}

// compressed gives {gen:gzip:N}, a small document followed by N blanks, and {gen:gzipbomb:N}, N blanks.
func (b *builder) compressed(text string) []byte {
	kind, size, _ := strings.Cut(strings.Trim(strings.TrimPrefix(text, "{gen:"), "}"), ":")
	n := b.number(size)
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if kind == "gzip" {
		_, _ = io.WriteString(z, `{"email":"a@b.test"}`)
	}
	_, _ = io.WriteString(z, strings.Repeat(" ", n))
	_ = z.Close()
	return out.Bytes()
}

var placeholder = regexp.MustCompile(`\{([A-Za-z][^{}"]*)\}`)

// fill replaces every placeholder; in a form or an address their values are encoded, but for keys.
func (b *builder) fill(text string, encoded bool) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		name := found[1 : len(found)-1]
		made, isMade := strings.CutPrefix(name, "gen:")
		switch {
		case isMade:
			return b.made(made)
		case name == "HOST":
			return b.host
		case name == "uniq":
			return rand.Text()[:10]
		case strings.Contains(name, "_MAX"):
			return strconv.Itoa(b.number(name))
		}
		if value, ok := b.fixtures[name]; ok {
			if encoded && !strings.HasPrefix(name, "key:") {
				return url.QueryEscape(value)
			}
			return value
		}
		if i := strings.LastIndex(name, ":"); i > 0 && b.fixtures[name[:i]] != "" {
			return b.mutated(b.fixtures[name[:i]], name[i+1:])
		}
		return b.lack(name)
	})
}

func (b *builder) lack(name string) string {
	b.err = cmp.Or(b.err, error(noFixture(name)))
	return ""
}

func (b *builder) fixture(name string) string {
	value, ok := b.fixtures[name]
	if !ok {
		return b.lack(name)
	}
	return value
}

// number reads 12, NAME_MAX and NAME_MAX+1.
func (b *builder) number(text string) int {
	name, more, _ := strings.Cut(text, "+")
	n, err := strconv.Atoi(cmp.Or(b.fixtures[name], name))
	if err != nil {
		b.lack(text)
	}
	extra, _ := strconv.Atoi(cmp.Or(more, "0"))
	return n + extra
}

// made gives the text of {gen:…}.
func (b *builder) made(call string) string {
	name, arg, _ := strings.Cut(call, ":")
	each := func(n int, glue string, one func(i int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = one(i)
		}
		return strings.Join(parts, glue)
	}
	switch name {
	case "repeat":
		i := strings.LastIndex(arg, ":")
		return strings.Repeat(arg[:i], b.number(arg[i+1:]))
	case "rand43":
		return (rand.Text() + rand.Text())[:43]
	case "csvints":
		return each(b.number(arg), ",", strconv.Itoa)
	case "nest":
		n := b.number(arg)
		return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)
	case "csvrows-bad":
		rows, bad, _ := strings.Cut(arg, ":")
		return "email\n" + each(b.number(rows), "", func(i int) string {
			if i == b.number(bad) {
				return "bad\n"
			}
			return fmt.Sprintf("r%d@b.test\n", i)
		})
	}
	return b.lack("gen:" + call)
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// mutated gives a value as {name:how} asks for it.
func (b *builder) mutated(value, how string) string {
	switch how {
	case "upper":
		return strings.ToUpper(value)
	case "body":
		return value[3:]
	case "cut1":
		return value[:len(value)-1]
	case "flip1":
		i := strings.LastIndexFunc(value, func(c rune) bool { return c > '9' })
		return value[:i] + string(value[i]^0x20) + value[i+1:]
	case "sibling":
		i := strings.IndexByte(base64url, value[len(value)-1])
		return value[:len(value)-1] + string(base64url[i&^3|(i+1)&3])
	case "lf20":
		return value[:20] + "%0a" + value[20:]
	case "pct":
		return percent(value, "%%%02x")
	case "pct2":
		return percent(value, "%%25%02x")
	case "basic":
		return base64.StdEncoding.EncodeToString([]byte(value + ":"))
	case "hash":
		sum := sha256.Sum256([]byte(value))
		return hex.EncodeToString(sum[:])
	case "display":
		return value[:9]
	}
	return b.lack(how)
}

// percent writes every byte in a format such as %%%02x.
func percent(text, format string) string {
	var out strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&out, format, c)
	}
	return out.String()
}
