package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/insighto/insighto/db"
)

const (
	tryTimeout = 15 * time.Second // for one try, to the end of its answer
	answerRead = 16 << 10         // bytes of an answer that are read
	answerKept = 1 << 10          // bytes of it that are kept
)

// Sender makes one try after the other. Client and Now may be replaced by tests.
type Sender struct {
	Client *http.Client
	Now    func() time.Time
}

// NewSender gives a sender that the guard watches. It takes no proxy from the environment, follows no redirect and
// unpacks nothing.
func NewSender(guard *Guard, now func() time.Time) *Sender {
	dialer := &net.Dialer{Timeout: tryTimeout, Control: guard.Control}
	return &Sender{Now: now, Client: clientOf(dialer)}
}

func clientOf(dialer *net.Dialer) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            dialer.DialContext,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    briskMost,
			MaxIdleConns:           slotsMost,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: answerRead,
		},
	}
}

// attempt is how one try ended.
type attempt struct {
	at      time.Time
	took    time.Duration
	status  int
	answer  string
	problem string        // empty for a success
	after   time.Duration // what Retry-After asks for
}

// try sends a body once. Anything but a 2xx is a failure, a redirect too. What an answer says after 16 KiB is not read.
func (s *Sender) try(ctx context.Context, lot *db.Lot, event string, body []byte) attempt {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	start := time.Now()
	a := attempt{at: s.Now()}
	request, err := s.request(ctx, lot, event, body, a.at)
	if err != nil {
		a.problem = "The request could not be made. Check the endpoint's address."
		return a
	}
	response, err := s.Client.Do(request)
	if err != nil {
		a.took, a.problem = time.Since(start), explain(err)
		return a
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, answerRead)) // what breaks off later changes no status
	a.took, a.status, a.answer = time.Since(start), response.StatusCode, excerpt(text)
	if a.status < 200 || a.status > 299 {
		a.problem = failure(a.status)
		a.after = retryAfter(response.Header.Get("Retry-After"), a.at)
	}
	return a
}

func (s *Sender) request(ctx context.Context, lot *db.Lot, event string, body []byte, at time.Time) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, lot.Endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	h := request.Header
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "Insighto-Webhooks")
	// Lets net/http repeat it on a fresh connection when a kept one turns out to be dead; the empty value is not sent.
	h["Idempotency-Key"] = []string{}
	return request, sign(h, lot.Secrets, event, at, body)
}

func failure(status int) string {
	switch {
	case status == http.StatusGone:
		return "The endpoint answered 410 Gone: it wants nothing more."
	case status >= 300 && status < 400:
		return fmt.Sprintf("The endpoint answered %d, a redirect. Those are not followed: change the webhook's address.", status)
	}
	return strings.TrimSpace(fmt.Sprintf("The endpoint answered %d %s", status, http.StatusText(status))) + "."
}

// explain says why there was no answer, without an address: url.Error prints all of it, and there may be secrets in it.
func explain(err error) string {
	var name *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.Is(err, errForbidden):
		return "The address is not reachable from the internet, so nothing was sent."
	case errors.As(err, &name):
		return "The host's name could not be resolved."
	case errors.As(err, &cert), errors.As(err, &unknown):
		return "The endpoint's certificate is not valid, so nothing was sent."
	case errors.As(err, &record):
		return "The endpoint does not speak TLS."
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "There was no answer within 15 seconds."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "The connection was refused."
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		return "The connection was closed before there was an answer."
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "The host could not be reached."
	}
	return "The answer was none that can be understood."
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// excerpt is the beginning of an answer as it can be kept and shown: text, with no key in it.
func excerpt(answer []byte) string {
	text := strings.ToValidUTF8(strings.ReplaceAll(string(answer), "\x00", ""), "\uFFFD")
	if text = db.Redact(text); len(text) > answerKept {
		text = strings.ToValidUTF8(text[:answerKept], "")
	}
	return text
}

// retryAfter reads seconds or a date; anything else asks for nothing.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
