// Package static holds the files that pages load, embedded and named by their content, so that a browser may keep
// them for ever.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed css/*.css js/*.js icons/*.svg swagger/*.css swagger/*.js recipes/*.sh recipes/*.py recipes/*.js recipes/*.txt
var files embed.FS

// Prefix is the URL path under which the files are served.
const Prefix = "/static/"

// URL gives the path of a file for a page, e.g. /static/app-0123456789ab.css for app.css. The files are app.css,
// app.js, htmx.min.js, favicon.svg and what lies in swagger and recipes; it panics on any other name, since that is a
// mistake in a page.
func URL(name string) string {
	hashed, ok := built().names[name]
	if !ok {
		panic("static: there is no file " + name)
	}
	return Prefix + hashed
}

// Open gives the file behind the part of a URL after Prefix. Only the hashed names of this build are there: no folder
// is listed, and no older name is answered.
func Open(name string) (body []byte, contentType string, ok bool) {
	f, ok := built().files[name]
	return f.body, f.contentType, ok
}

// OpenGzip is Open for a client that accepts gzip; the body is compressed once, when the program first needs it.
func OpenGzip(name string) (body []byte, contentType string, ok bool) {
	f, ok := built().files[name]
	if !ok {
		return nil, "", false
	}
	return f.gzipped(), f.contentType, true
}

// Text gives what a file says, e.g. to print it on a page. It panics as URL does.
func Text(name string) string {
	body, _, _ := Open(strings.TrimPrefix(URL(name), Prefix))
	return string(body)
}

type file struct {
	body        []byte
	gzipped     func() []byte
	contentType string
}

type build struct {
	names map[string]string // plain name to hashed name
	files map[string]file   // by hashed name
}

var built = sync.OnceValue(func() build {
	sources := map[string][]byte{
		"app.css":     joined(sheets()...),
		"app.js":      joined("js/page.js", "js/request.js", "js/moment.js", "js/field.js", "js/dialog.js", "js/secret.js"),
		"htmx.min.js": joined("js/htmx.min.js"),
		"favicon.svg": joined("icons/favicon.svg"),
	}
	for _, name := range append(named("swagger/*"), named("recipes/*")...) {
		sources[path.Base(name)] = joined(name)
	}
	b := build{names: map[string]string{}, files: map[string]file{}}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		body := sources[name]
		sum := sha256.Sum256(body)
		ext := path.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:6]) + ext
		b.names[name] = hashed
		b.files[hashed] = file{body, sync.OnceValue(func() []byte { return gzipped(body) }), contentTypes[ext]}
	}
	return b
})

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".sh":  "text/plain; charset=utf-8",
	".py":  "text/plain; charset=utf-8",
	".txt": "text/plain; charset=utf-8",
}

// sheets are the style sheets by name, after the one that puts the layers in order.
func sheets() []string {
	const layers = "css/layers.css"
	others := slices.DeleteFunc(named("css/*.css"), func(name string) bool { return name == layers })
	return append([]string{layers}, others...)
}

func named(pattern string) []string {
	all, err := fs.Glob(files, pattern)
	if err != nil {
		panic(err)
	}
	return all
}

func joined(names ...string) []byte {
	var all []byte
	for _, name := range names {
		body, err := files.ReadFile(name)
		if err != nil {
			panic(err)
		}
		all = append(all, body...)
	}
	return all
}

func gzipped(body []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(body); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}
