package handlers

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
)

// sessionStore is gorilla's store kept in our database: the cookie holds a random secret only, the table its digest.
type sessionStore struct {
	store     *db.Store
	secure    bool
	addressOf func(*http.Request) string
}

var _ sessions.Store = (*sessionStore)(nil)

// The values of a session: who was found behind the cookie, and who is to be signed in when it is saved.
type sessionValue int

const (
	visitorValue sessionValue = iota
	personValue
)

// cookieName has a prefix that browsers guard (RFC 6265bis section 4.1.3) wherever they do, which is on https.
func (s *sessionStore) cookieName() string {
	if s.secure {
		return "__Host-insighto"
	}
	return "insighto"
}

// Get gives the request's session, looked up once.
func (s *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New looks the cookie up. No cookie, or one that opens nothing, gives a new session without an error; an error is
// the database's.
func (s *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.IsNew = true
	session.Options = &sessions.Options{Path: "/", MaxAge: int(db.SessionAbsolute.Seconds()), HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
	for _, cookie := range r.CookiesNamed(name) {
		visitor, err := s.store.Visitor(r.Context(), cookie.Value)
		if db.Unauthenticated.Is(err) {
			continue
		}
		if err != nil {
			return session, err
		}
		session.IsNew, session.ID = false, visitor.Session.ID
		session.Values[visitorValue] = visitor
		break
	}
	return session, nil
}

// Save ends the session when MaxAge is negative; with a person set it ends the one at hand and opens a new one under
// a new secret, so that nobody can have planted it.
func (s *sessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	if visitor, ok := session.Values[visitorValue].(db.Visitor); ok {
		if err := s.store.EndSession(r.Context(), visitor.Principal, visitor.Session.ID); err != nil && !db.NotFound.Is(err) {
			return err
		}
		delete(session.Values, visitorValue)
	}
	if session.Options.MaxAge < 0 {
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		return nil
	}
	person, ok := session.Values[personValue].(db.Principal)
	if !ok {
		return nil
	}
	delete(session.Values, personValue)
	secret, err := s.store.OpenSession(r.Context(), person, s.client(r))
	if err != nil {
		return err
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), secret, session.Options))
	return nil
}

func (s *sessionStore) client(r *http.Request) db.Client {
	return db.Client{Address: s.addressOf(r), UserAgent: redacted(r.UserAgent())}
}

// session gives the request's session.
func (s *server) session(c echo.Context) (*sessions.Session, error) {
	return s.sessions.Get(c.Request(), s.sessions.cookieName())
}

// open signs a person in.
func (s *server) open(c echo.Context, p db.Principal) error {
	session, err := s.session(c)
	if err != nil {
		return err
	}
	session.Values[personValue] = p
	return session.Save(c.Request(), c.Response())
}

// visitor gives who is signed in, or nil.
func (s *server) visitor(c echo.Context) (*db.Visitor, error) {
	session, err := s.session(c)
	if err != nil {
		return nil, err
	}
	if v, ok := session.Values[visitorValue].(db.Visitor); ok {
		return &v, nil
	}
	return nil, nil
}

const visitorInContext = "visitor"

// signedIn lets a page through for a person who is signed in, and sends everybody else to sign in first.
func (s *server) signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, err := s.visitor(c)
		if err != nil {
			return err
		}
		if v != nil {
			c.Set(visitorInContext, v)
			return next(c)
		}
		to := "/login"
		if next := localPath(whereFrom(c)); next != "/" {
			to += "?next=" + url.QueryEscape(next)
		}
		if isHTMX(c) {
			c.Response().Header().Set("HX-Redirect", to)
			return &refusal{status: http.StatusUnauthorized, code: "signed_out", text: "You are signed out. Sign in again."}
		}
		return c.Redirect(http.StatusSeeOther, to)
	}
}

// whereFrom is the page to come back to: the one asked for, or the one from which htmx sends a form. The page of a plain
// form is not told.
func whereFrom(c echo.Context) string {
	if c.Request().Method == http.MethodGet {
		return c.Request().URL.Path
	}
	if current, err := url.Parse(c.Request().Header.Get("HX-Current-URL")); err == nil && isHTMX(c) {
		return current.Path
	}
	return "/"
}

// me gives who is signed in, behind signedIn.
func me(c echo.Context) *db.Visitor { return c.Get(visitorInContext).(*db.Visitor) }

// localPath gives next when it is a path of this host, nothing a browser could read as another one, and holds no key
// that would come back in an answer; otherwise "/".
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || strings.ContainsAny(u.Path, "\\\t\r\n") {
		return "/"
	}
	if holdsKey(next) {
		return "/"
	}
	local := &url.URL{Path: path.Clean(u.Path), RawQuery: u.RawQuery}
	if to := local.String(); strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") {
		return to
	}
	return "/"
}
