package handlers

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/limit"
)

const (
	wrongKeysMax  = 1000 // from one address within a minute
	addressesKept = 10_000
)

// wrongKeys tells an address that tries keys to slow down. It is in memory: a guess has no chance anyway. Good keys from
// the same address still pass, and so each is looked up.
type wrongKeys struct {
	now  func() time.Time
	mu   sync.Mutex
	seen map[string]window // by networkOf
}

type window struct {
	since time.Time
	count int
}

func newWrongKeys(now func() time.Time) *wrongKeys {
	return &wrongKeys{now: now, seen: map[string]window{}}
}

// count notes a wrong key from an address, and gives a TooMany error when there were too many within a minute.
func (w *wrongKeys) count(address string) error {
	now, address := w.now(), networkOf(address)
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen[address]
	if now.Sub(seen.since) >= time.Minute {
		if _, known := w.seen[address]; !known && len(w.seen) >= addressesKept { // forgetting all is late and lost, which is allowed here
			clear(w.seen)
		}
		seen = window{since: now}
	}
	seen.count++
	w.seen[address] = seen
	if seen.count > wrongKeysMax {
		return db.TooSoon(time.Minute-now.Sub(seen.since), "Too many wrong keys from this address. Wait a minute, and look at the key that your script sends.")
	}
	return nil
}

// networkOf is what one stranger has for sure: an IPv4 address, or 64 bits of an IPv6 one (RFC 6177).
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}

// takeFromLimits takes one request from what the key may do, and tells in the headers what is left of it, also when nothing is.
func (s *server) takeFromLimits(made *call) (err error) {
	if s.Limits != nil {
		made.standing, err = s.Limits.Take(made.c.Request().Context(), made.Principal)
		s.setLimitHeaders(made.c.Response().Header(), made.standing)
	}
	return err
}

// setLimitHeaders writes the headers of draft-ietf-httpapi-ratelimit-headers-10: "default" is the key's minute, in which r also
// heeds what the person's other keys have used, and "month" the team's quota. They go past
// Header.Set, and so their names are in its spelling.
func (s *server) setLimitHeaders(h http.Header, left limit.Standing) {
	if left.Most == 0 && left.Month.Most == 0 {
		return
	}
	var text [96]byte
	h["Ratelimit"] = []string{string(appendStanding(text[:0], left, false))}
	h["Ratelimit-Policy"] = s.minutePolicy
	if left.Month.Most > 0 {
		h["Ratelimit-Policy"] = []string{string(appendStanding(text[:0], left, true))}
	}
}

// minutePolicy is the policy of teams without a quota, which most are: it is written once.
func minutePolicy(limiter *limit.Limiter) []string {
	if limiter == nil {
		return nil
	}
	return []string{string(headerItem{name: "default", most: limiter.Rate(), long: time.Minute}.append(nil, true))}
}

// headerItem is one of the limits that a request is under.
type headerItem struct {
	name       string
	most, left int64
	long, ends time.Duration
}

// appendStanding writes the limits themselves, or what is left of them.
func appendStanding(b []byte, s limit.Standing, policy bool) []byte {
	if s.Most > 0 {
		b = headerItem{"default", s.Most, s.Left, time.Minute, s.Ends}.append(b, policy)
	}
	if s.Most > 0 && s.Month.Most > 0 {
		b = append(b, ", "...)
	}
	if s.Month.Most > 0 {
		b = headerItem{"month", s.Month.Most, s.Month.Left, s.Month.Long, s.Month.Ends}.append(b, policy)
	}
	return b
}

func (h headerItem) append(b []byte, policy bool) []byte {
	b = append(append(append(b, '"'), h.name...), '"')
	if policy {
		b = strconv.AppendInt(append(b, ";q="...), h.most, 10)
		return strconv.AppendInt(append(b, ";w="...), int64(h.long/time.Second), 10)
	}
	b = strconv.AppendInt(append(b, ";r="...), h.left, 10)
	return strconv.AppendInt(append(b, ";t="...), int64((h.ends+time.Second-1)/time.Second), 10)
}
