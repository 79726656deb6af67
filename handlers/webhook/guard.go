// Package webhook is HTTP out: it sends what the store has for webhooks, signed, and only to addresses that are meant to
// be reached from outside.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"code.dny.dev/ssrf"
	"golang.org/x/net/idna"

	"github.com/insighto/insighto/db"
)

// ports are where web servers listen. In a network that is allowed by name, any port is.
var ports = []uint16{80, 443, 8080, 8443}

// lookupTimeout is how long making a webhook waits for the name of its host. A name that takes longer is let pass:
// what counts is the address that is dialled.
const lookupTimeout = time.Second

// Guard says where webhooks may go: to public addresses, and to the private networks that are allowed by name.
type Guard struct {
	Allowed []netip.Prefix // private networks
	Self    string         // host and port of this server, which tells itself nothing
	Lookup  func(ctx context.Context, host string) ([]netip.Addr, error)

	public *ssrf.Guardian
}

// NewGuard gives a guard that asks the system for names.
func NewGuard(allowed []netip.Prefix, self string) *Guard {
	return &Guard{
		Allowed: allowed, Self: strings.ToLower(self), public: ssrf.New(ssrf.WithPorts(ports...)),
		Lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
	}
}

// errForbidden is what a connection ends with that may not be made. It names no address: whoever reads a delivery's
// problem is not to learn how a name resolves in here.
var errForbidden = errors.New("the address is not public, or its port is none for webhooks")

// Control is for net.Dialer: it sees every address that is about to be dialled, after all names have been resolved, so a
// name that changes its mind gains nothing.
func (g *Guard) Control(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" || g.address(to) != nil {
		return errForbidden
	}
	return nil
}

// address refuses what is neither public nor in an allowed network. A mapped address is judged as the one it stands for.
func (g *Guard) address(to netip.AddrPort) error {
	ip := to.Addr().Unmap()
	if ip.Zone() != "" || ip.IsMulticast() || ip.IsUnspecified() {
		return errForbidden
	}
	if slices.ContainsFunc(g.Allowed, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return nil
	}
	return g.public.SafeAddrPort(netip.AddrPortFrom(ip, to.Port()))
}

// Check is db.EndpointCheck: it refuses at once what Control would refuse later, with a sentence. A name is kept in
// its ASCII spelling, so that no letter looks like another.
func (g *Guard) Check(ctx context.Context, endpoint string) (string, *db.Error) {
	u, e := parse(endpoint)
	if e != nil {
		return "", e
	}
	host, e := asciiHost(u.Hostname())
	if e != nil {
		return "", e
	}
	port := uint16(80)
	if u.Scheme == "https" {
		port = 443
	}
	if text := u.Port(); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return "", wrong("That port is none. Leave it out, or use 443.")
		}
		port = uint16(n)
	}
	if net.JoinHostPort(host, strconv.Itoa(int(port))) == g.Self {
		return "", wrong("That is this server itself. Give the address of the program that is to be told.")
	}
	if e := g.reach(ctx, host, port); e != nil {
		return "", e
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case u.Port() != "":
		u.Host = net.JoinHostPort(host, u.Port())
	case err == nil && ip.Is6():
		u.Host = "[" + host + "]"
	default:
		u.Host = host
	}
	return u.String(), nil
}

// reach looks at where a host leads now.
func (g *Guard) reach(ctx context.Context, host string, port uint16) *db.Error {
	found := []netip.Addr{}
	if ip, err := netip.ParseAddr(host); err == nil {
		found = append(found, ip)
	} else {
		ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
		defer cancel()
		found, err = g.Lookup(ctx, host)
		var dns *net.DNSError
		if errors.As(err, &dns) && dns.IsNotFound {
			return wrong("There is no host " + host + ". Is it spelled right?")
		}
	}
	for _, ip := range found {
		if err := g.address(netip.AddrPortFrom(ip, port)); errors.Is(err, ssrf.ErrProhibitedPort) {
			return wrong(fmt.Sprintf("Webhooks go to the ports %s, not to %d.", portsInWords(), port))
		} else if err != nil {
			return wrong("That address is not reachable from the internet, and webhooks only go there. Whoever runs this server can allow a private network with --webhook-allow-private.")
		}
	}
	return nil
}

func portsInWords() string {
	words := make([]string, len(ports))
	for i, p := range ports {
		words[i] = strconv.Itoa(int(p))
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func parse(endpoint string) (*url.URL, *db.Error) {
	const looks = "An endpoint looks like https://example.com/hook."
	if strings.ContainsFunc(endpoint, func(r rune) bool { return r == '\\' || unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return nil, wrong(looks + " It has no blanks and no backslashes.")
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "" || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") {
		return nil, wrong(looks)
	}
	if u.User != nil {
		return nil, wrong("Leave the name and password out of the address. What is sent is signed, so the receiver can tell that it is from here.")
	}
	if u.Fragment != "" || u.RawFragment != "" {
		return nil, wrong("Leave out what follows the #: it is never sent.")
	}
	return u, nil
}

// asciiHost gives a host as it is dialled. net/http would make an address of circled digits, and the system's resolver
// one of 2130706433 or 0x7f000001, so what looks like a number must be a plain address.
func asciiHost(host string) (string, *db.Error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.String(), nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	ascii = strings.TrimSuffix(strings.ToLower(ascii), ".")
	if err != nil || ascii == "" || len(ascii) > 253 {
		return "", wrong("That is no name of a host.")
	}
	if ip, err := netip.ParseAddr(ascii); err == nil {
		return ip.String(), nil
	}
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if last == "" || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return "", wrong("That is no address. Four numbers from 0 to 255 with dots between them make one.")
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", wrong("That is no name of a host.")
		}
	}
	return ascii, nil
}

func wrong(text string) *db.Error { return db.InvalidInput("endpoint", text) }
