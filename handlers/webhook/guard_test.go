package webhook

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
)

// names is a guard's look-up.
func names(known map[string][]string) func(context.Context, string) ([]netip.Addr, error) {
	return func(_ context.Context, host string) ([]netip.Addr, error) {
		if host == "slow.example" {
			return nil, &net.DNSError{Err: "no answer", IsTimeout: true, IsTemporary: true}
		}
		var found []netip.Addr
		for _, text := range known[host] {
			found = append(found, netip.MustParseAddr(text))
		}
		if found == nil {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return found, nil
	}
}

func guard(allowed ...string) *Guard {
	var prefixes []netip.Prefix
	for _, text := range allowed {
		prefixes = append(prefixes, netip.MustParsePrefix(text))
	}
	g := NewGuard(prefixes, "insighto.example:443")
	g.Lookup = names(map[string][]string{
		"example.com": {"93.184.216.34", "2606:2800:220:1::1"}, "localhost": {"127.0.0.1"}, "mixed.test": {"93.184.216.34", "10.0.0.1"},
		"xn--exmple-4nf.com": {"93.184.216.34"}, "insighto.example": {"93.184.216.35"}, "metadata.google.internal": {"169.254.169.254"},
		"six.test": {"64:ff9b::7f00:1"}, "mapped.test": {"::ffff:10.0.0.1"},
	})
	return g
}

// inside are addresses that nothing may be sent to.
var inside = []string{
	"127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.100.100.200",
	"169.254.169.254", "169.254.170.2", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
	"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1",
	"2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1", "fe80::1", "fd00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "3fff::1",
}

func TestGuard(t *testing.T) {
	ctx := context.Background()

	t.Run("an address inside is refused, when it is typed and when it is dialled", func(t *testing.T) {
		g := guard()
		for _, ip := range inside {
			host := ip
			if strings.Contains(ip, ":") {
				host = "[" + ip + "]"
			}
			if kept, e := g.Check(ctx, "https://"+host+"/hook"); e == nil || e.Kind != db.Invalid || e.Field != "endpoint" {
				t.Errorf("%s: got %q (%v), want a refusal", ip, kept, e)
			}
			for _, network := range []string{"tcp4", "tcp6"} {
				if err := g.Control(network, net.JoinHostPort(ip, "443"), nil); !errors.Is(err, errForbidden) {
					t.Errorf("%s to %s: got %v, want a refusal", network, ip, err)
				}
			}
		}
	})
	t.Run("what is no plain address of a host outside is refused", func(t *testing.T) {
		g := guard()
		for _, endpoint := range []string{
			"", "x", "example.com/hook", "//example.com/", "file:///etc/passwd", "javascript:alert(1)", "data:text/plain,x", "ftp://example.com/", "gopher://example.com/",
			"https:", "https://", "https:///x", "https:example.com", "https://:443/", "https://user:pw@example.com/", "https://user@example.com/", `https://127.0.0.1\@example.com/`,
			"https://example.com:0/", "https://example.com:port/", "https://example.com:65536/", "https://example.com:/", "https://example.com:22/", "https://example.com:5432/",
			"https://example.com:6379/", "https://example.com/\r\nX-Injected: 1", "https://example.com/ x", "https://example.com/\x00", "https://example.com/#x", "https://%31%32%37.0.0.1/",
			"https://localhost/", "https://LOCALHOST./", "https://mixed.test/", "https://six.test/", "https://mapped.test/", "https://metadata.google.internal/",
			"https://2130706433/", "https://0x7f000001/", "https://017700000001/", "https://127.1/", "https://0177.0.0.1/", "https://127.0.0.1./", "https://1.2.3.4.5/", "https://example.0x7f/",
			"https://①②⑦.0.0.1/", "https://127。0。0。1/", "https://[fe80::1%25lo]/", "https://[::1%25eth0]/", "https://" + strings.Repeat("a", 64) + ".com/", "https://nowhere.example/",
			"https://insighto.example/api/v1/contact", "https://INSIGHTO.example./", "https://a b/", "https://ex_ample..com/",
		} {
			if kept, e := g.Check(ctx, endpoint); e == nil || e.Text == "" || strings.Contains(e.Text, "10.0.0.1") {
				t.Errorf("%q: got %q (%v), want a refusal", endpoint, kept, e)
			}
		}
	})
	t.Run("an address outside is kept as it is dialled", func(t *testing.T) {
		g := guard()
		for _, c := range []struct{ endpoint, want string }{
			{"https://example.com/hook?x=1", "https://example.com/hook?x=1"},
			{"http://example.com", "http://example.com"},
			{"https://EXAMPLE.com.:8443/", "https://example.com:8443/"},
			{"https://exаmple.com/", "https://xn--exmple-4nf.com/"}, // the а is Cyrillic
			{"https://93.184.216.34/", "https://93.184.216.34/"},
			{"https://[2606:2800:220:1::1]/", "https://[2606:2800:220:1::1]/"},
			{"https://slow.example/", "https://slow.example/"}, // what is dialled counts
		} {
			if kept, e := g.Check(ctx, c.endpoint); e != nil || kept != c.want {
				t.Errorf("%q: got %q (%v), want %q", c.endpoint, kept, e, c.want)
			}
		}
		for _, address := range []string{"93.184.216.34:443", "93.184.216.34:80", "[2606:2800:220:1::1]:8443"} {
			if err := g.Control("tcp4", address, nil); err != nil {
				t.Errorf("%s: got %v", address, err)
			}
		}
		if err := g.Control("tcp4", "93.184.216.34:25", nil); !errors.Is(err, errForbidden) {
			t.Errorf("port 25 is dialled: %v", err)
		}
	})
	t.Run("a network allowed by name is open on any port, and nothing beside it", func(t *testing.T) {
		g := guard("10.1.0.0/16", "fd00:1::/32")
		for address, ok := range map[string]bool{
			"10.1.2.3:9000": true, "[::ffff:10.1.2.3]:9000": true, "[fd00:1::5]:80": true,
			"10.2.0.1:443": false, "127.0.0.1:443": false, "169.254.169.254:80": false, "[fd00:2::1]:443": false, "93.184.216.34:9000": false,
		} {
			if err := g.Control("tcp6", address, nil); (err == nil) != ok {
				t.Errorf("%s: got %v, want it open: %t", address, err, ok)
			}
			if _, e := g.Check(ctx, "http://"+address+"/"); (e == nil) != ok {
				t.Errorf("%s typed: got %v, want it open: %t", address, e, ok)
			}
		}
	})
}
