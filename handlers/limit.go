package handlers

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/insighto/insighto/db"
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

// allow takes one request from what the key may do, and tells in the headers what is left of it, also when nothing is.
func (s *server) allow(made *call) (err error) {
	if s.Limits != nil {
		made.standing, err = s.Limits.Take(made.c.Request().Context(), made.Principal)
		tell(made.c.Response().Header(), made.standing)
	}
	return err
}

// tell writes the headers of draft-ietf-httpapi-ratelimit-headers-10: "default" is the key's minute, in which r also
// heeds what the person's other keys have used, and "month" the team's quota. Their names are as Go spells them.
func tell(h http.Header, s db.Standing) {
	if s.Most == 0 && s.Month.Most == 0 {
		return
	}
	var policy, left [96]byte
	p, l := policy[:0], left[:0]
	if s.Most > 0 {
		p, l = appendQuota(p, "default", s.Most, time.Minute), appendLeft(l, "default", s.Left, s.Ends)
	}
	if m := s.Month; m.Most > 0 {
		if s.Most > 0 {
			p, l = append(p, ", "...), append(l, ", "...)
		}
		p, l = appendQuota(p, "month", m.Most, m.Long), appendLeft(l, "month", m.Left, m.Ends)
	}
	h["Ratelimit-Policy"], h["Ratelimit"] = []string{string(p)}, []string{string(l)}
}

func appendQuota(b []byte, name string, most int64, long time.Duration) []byte {
	b = append(append(append(b, '"'), name...), `";q=`...)
	b = append(strconv.AppendInt(b, most, 10), ";w="...)
	return strconv.AppendInt(b, int64(long/time.Second), 10)
}

func appendLeft(b []byte, name string, left int64, ends time.Duration) []byte {
	b = append(append(append(b, '"'), name...), `";r=`...)
	b = append(strconv.AppendInt(b, left, 10), ";t="...)
	return strconv.AppendInt(b, int64((ends+time.Second-1)/time.Second), 10)
}
