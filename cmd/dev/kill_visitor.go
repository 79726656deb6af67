package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// visitor is a person with a browser, as far as the forms go.
type visitor struct {
	server          *server
	email, password string
	client          *http.Client
	acknowledged    bool // the session in client was opened with an answer that said so
}

// status is an answer other than the one hoped for.
type status int

func (s status) Error() string { return fmt.Sprintf("HTTP %d", int(s)) }

// busy is an answer that says to come again: nothing was acknowledged, and nothing is wrong with the request.
func (s status) busy() bool { return s == http.StatusTooManyRequests || s >= 500 }

var errSignedOut = errors.New("the server sends to /login: the session is not there")

var shownKey = regexp.MustCompile(`\bin-[0-9A-Za-z]{43}\b`)

// mostKeys is how many a person makes before another takes the place: the program allows 1,000 each.
const mostKeys = 800

// invite gives every empty place, and that of everybody who holds many keys, to somebody new.
func invite(ctx context.Context, srv *server, team string, people []*visitor, keys *ledger) error {
	for i, v := range people {
		if v != nil && keys.madeBy(v.email) < mostKeys {
			continue
		}
		v = &visitor{server: srv, email: strings.ToLower(rand.Text()) + "@example.com", password: rand.Text(), client: browse(srv)}
		if err := srv.addUser(ctx, v.email, fmt.Sprintf("Visitor %d", i), team, "member", v.password); err != nil {
			return err
		}
		people[i] = v
	}
	return nil
}

// browse is a client with cookies that shows redirects instead of following them.
func browse(srv *server) *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{Transport: srv.transport, Jar: jar, Timeout: 15 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// work makes keys and ends some until ctx is over. It returns an error when an answer makes no sense.
func (v *visitor) work(ctx context.Context, keys *ledger, round int, signInFirst bool) error {
	if signInFirst {
		if err := v.signIn(ctx); err == nil {
			keys.signedIn()
		} else if err := v.cope(ctx, keys, err, "sign in"); err != nil {
			return err
		}
	}
	for n := 1; ctx.Err() == nil; n++ {
		secret, err := v.createKey(ctx, fmt.Sprintf("round %d key %d", round, n))
		if err == nil {
			keys.created(v.email, secret)
		} else if err := v.cope(ctx, keys, err, "create a key"); err != nil {
			return err
		}
		if n%3 != 0 {
			continue
		}
		want, verb := revoked, "revoke"
		if n%2 == 0 {
			want, verb = deleted, "delete"
		}
		if err := v.endKey(ctx, keys, want, verb); err != nil {
			if err := v.cope(ctx, keys, err, verb+" a key"); err != nil {
				return err
			}
		}
	}
	return nil
}

// cope waits out a busy or dead server, and returns what no busy or dead server explains.
func (v *visitor) cope(ctx context.Context, keys *ledger, err error, doing string) error {
	var answer status
	if errors.Is(err, errSignedOut) || (errors.As(err, &answer) && !answer.busy()) {
		return fmt.Errorf("%s: %s: %w", v.email, doing, err)
	}
	keys.missed(err)
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Millisecond):
	}
	return nil
}

// signIn opens a session in a fresh browser, and keeps the old one unless the server said yes.
func (v *visitor) signIn(ctx context.Context) error {
	client := browse(v.server)
	_, err := post(ctx, client, v.server.url+"/login", url.Values{"email": {v.email}, "password": {v.password}})
	if err == nil {
		v.client, v.acknowledged = client, true
	}
	return err
}

// signedIn reports whether the session is known.
func (v *visitor) signedIn(ctx context.Context) (bool, error) {
	_, err := send(ctx, v.client, http.MethodGet, v.server.url+"/settings/api-keys", nil)
	if errors.Is(err, errSignedOut) {
		return false, nil
	}
	return err == nil, err
}

// createKey returns the key from the one page that shows it.
func (v *visitor) createKey(ctx context.Context, name string) (string, error) {
	page, err := post(ctx, v.client, v.server.url+"/settings/api-keys",
		url.Values{"name": {name}, "role": {"read_only"}, "description": {"Made by the kill loop."}})
	if err != nil {
		return "", err
	}
	secret := shownKey.FindString(page)
	if secret == "" {
		return "", fmt.Errorf("the answer shows no key: %w", status(http.StatusOK))
	}
	return secret, nil
}

// endKey revokes or deletes one of this person's keys, if there is one.
func (v *visitor) endKey(ctx context.Context, keys *ledger, want standing, verb string) error {
	k := keys.victim(v.email)
	if k == nil {
		return nil
	}
	now, err := ask(ctx, v.server, k.secret)
	if err != nil {
		return err
	}
	if now.standing != live {
		keys.lose("key %.11s… of %s: acknowledged as live, found %s", k.secret, k.owner, now.standing)
		return nil
	}
	keys.asking(k, want)
	if _, err := post(ctx, v.client, v.server.url+"/settings/api-keys/"+now.id+"/"+verb, nil); err != nil {
		return err
	}
	keys.ended(k)
	return nil
}

// answer is what GET /api/v1/key says.
type answer struct {
	standing standing
	id       string // only of a live key
}

// ask looks a key up as a script would, and comes again while the server is busy.
func ask(ctx context.Context, srv *server, secret string) (answer, error) {
	client := &http.Client{Transport: srv.transport, Timeout: 15 * time.Second}
	for try := 1; ; try++ {
		now, err := askOnce(ctx, client, srv.url+"/api/v1/key?api_key="+secret)
		var s status
		if !errors.As(err, &s) || !s.busy() || try == 50 {
			return now, err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func askOnce(ctx context.Context, client *http.Client, key string) (answer, error) {
	body, err := send(ctx, client, http.MethodGet, key, nil)
	var said struct {
		Code string
		Data struct{ ID string }
	}
	var s status
	if err != nil && !(errors.As(err, &s) && s == http.StatusUnauthorized) {
		return answer{}, err
	}
	if bad := json.Unmarshal([]byte(body), &said); bad != nil {
		return answer{}, fmt.Errorf("GET /api/v1/key answers no JSON: %w", bad)
	}
	if err == nil {
		return answer{live, said.Data.ID}, nil
	}
	return answer{standing: standing(said.Code)}, nil
}

// post sends a form as the page of this host would.
func post(ctx context.Context, client *http.Client, to string, form url.Values) (string, error) {
	return send(ctx, client, http.MethodPost, to, form)
}

// send returns the whole body, also beside a status error: an answer that was cut short acknowledges nothing.
func send(ctx context.Context, client *http.Client, method, to string, form url.Values) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, to, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res, err := client.Do(req)
	if err != nil {
		return "", withoutURL(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if to, err := res.Location(); err == nil && to.Path == "/login" {
		return "", errSignedOut
	}
	if res.StatusCode >= 400 {
		return string(body), status(res.StatusCode)
	}
	return string(body), nil
}

// withoutURL drops the address from an error of net/http, because the key is in it.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
