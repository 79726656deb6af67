package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"
)

var names = []string{"app.css", "app.js", "htmx.min.js", "favicon.svg"}

func TestURL(t *testing.T) {
	t.Run("a name holds the content's hash", func(t *testing.T) {
		shape := regexp.MustCompile(`^/static/[a-z.]+-[0-9a-f]{12}\.(css|js|svg)$`)
		for _, name := range names {
			if got := URL(name); !shape.MatchString(got) {
				t.Errorf("URL(%q): got %s, want %s", name, got, shape)
			}
		}
	})
	t.Run("a name that is not there is a mistake", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error(`URL("none.css"): got a URL, want a panic`)
			}
		}()
		URL("none.css")
	})
}

func TestOpen(t *testing.T) {
	t.Run("each URL opens, plain and compressed", func(t *testing.T) {
		for _, name := range names {
			path := strings.TrimPrefix(URL(name), Prefix)
			body, kind, ok := Open(path)
			if !ok || len(body) == 0 || kind == "" {
				t.Fatalf("Open(%q): got %d bytes of %q, %v", path, len(body), kind, ok)
			}
			packed, packedKind, ok := OpenGzip(path)
			if !ok || packedKind != kind || len(packed) >= len(body) {
				t.Errorf("OpenGzip(%q): got %d bytes of %q, %v, want fewer than %d of %q", path, len(packed), packedKind, ok, len(body), kind)
			}
			r, err := gzip.NewReader(bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body) {
				t.Errorf("OpenGzip(%q) does not hold what Open gives: %v", path, err)
			}
		}
	})
	t.Run("nothing else opens", func(t *testing.T) {
		css := strings.TrimPrefix(URL("app.css"), Prefix)
		for _, path := range []string{"", ".", "/", "css/", "css/tokens.css", "app.css", "app-000000000000.css", "../static.go", "../" + css, "/" + css, css + "/", strings.ToUpper(css)} {
			if body, _, ok := Open(path); ok || body != nil {
				t.Errorf("Open(%q): got %d bytes, want none", path, len(body))
			}
			if body, _, ok := OpenGzip(path); ok || body != nil {
				t.Errorf("OpenGzip(%q): got %d bytes, want none", path, len(body))
			}
		}
	})
}

func TestFiles(t *testing.T) {
	t.Run("the layers are in order before they are filled", func(t *testing.T) {
		body, _, _ := Open(strings.TrimPrefix(URL("app.css"), Prefix))
		if want := "@layer tokens, base, layout, parts, absent;"; !bytes.HasPrefix(body, []byte(want)) {
			t.Errorf("app.css: got %.60s, want %s", body, want)
		}
	})
	t.Run("all of them together weigh less than 30 KB compressed", func(t *testing.T) {
		sum := 0
		for _, name := range names {
			body, _, _ := OpenGzip(strings.TrimPrefix(URL(name), Prefix))
			sum += len(body)
		}
		if sum >= 30<<10 {
			t.Errorf("got %d bytes, want fewer than %d", sum, 30<<10)
		}
	})
}
