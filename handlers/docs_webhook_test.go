package handlers_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/handlertest"
)

// harness has for each snippet a program that reads id, time, signature and body and says whether they are genuine.
var harness = map[string]struct {
	command []string
	file    string
	program string // SNIPPET is where it goes
}{
	"sh": {[]string{"sh", "verify.sh"}, "verify.sh", "SNIPPET"},
	"py": {[]string{"python3", "main.py"}, "main.py", `SNIPPET
import os, sys
h = dict(zip(["webhook-id", "webhook-timestamp", "webhook-signature"], sys.argv[1:]))
sys.exit(0 if genuine(os.environ["WHSEC"], h, sys.stdin.buffer.read()) else 1)
`},
	"js": {[]string{"node", "main.js"}, "main.js", `SNIPPET
const [id, sent, signature] = process.argv.slice(2);
const h = { "webhook-id": id, "webhook-timestamp": sent, "webhook-signature": signature };
process.exit(exports.genuine(process.env.WHSEC, h, require("node:fs").readFileSync(0)) ? 0 : 1);
`},
	"go.txt": {[]string{"./main"}, "main.go", `package main
import ("crypto/hmac"; "crypto/sha256"; "encoding/base64"; "fmt"; "io"; "net/http"; "os"; "slices"; "strconv"; "strings"; "time")
SNIPPET
func main() {
	h := http.Header{}
	h.Set("webhook-id", os.Args[1]); h.Set("webhook-timestamp", os.Args[2]); h.Set("webhook-signature", os.Args[3])
	body, _ := io.ReadAll(os.Stdin)
	if !Genuine(os.Getenv("WHSEC"), h, body) { os.Exit(1) }
}
`},
}

func TestSnippetsCheckASignature(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, dbtest.Open(t, filepath.Join(t.TempDir(), "test.db"), time.Now))
	page := w.Do("GET", "/docs", "").Body.String()
	hook, secret, err := w.Store.CreateWebhook(ctx, w.Ada, db.NewWebhook{Name: "x", Endpoint: "https://example.com"}, handlertest.Outside().Check)
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.Store.TestWebhook(ctx, w.Ada, hook.ID)
	if err != nil {
		t.Fatal(err)
	}
	body, err := w.Store.EventBody(ctx, w.Ada.TeamID, id)
	if err != nil {
		t.Fatal(err)
	}
	signer, _ := standardwebhooks.NewWebhook(secret)
	sign := func(at time.Time) (string, string) {
		signature, _ := signer.Sign(id, at, body)
		return fmt.Sprint(at.Unix()), signature
	}
	sent, good := sign(time.Now())
	old, stale := sign(time.Now().Add(-time.Hour))
	const other = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

	for kind, a := range harness {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			found := regexp.MustCompile(`(?s)<code id="verify-` + regexp.QuoteMeta(kind) + `">(.*?)</code>`).FindStringSubmatch(page)
			if found == nil {
				t.Fatal("it is not on the page")
			}
			snippet := html.UnescapeString(found[1])
			if n := strings.Count(strings.TrimSpace(snippet), "\n") + 1; n > 14 {
				t.Errorf("it has %d lines", n)
			}
			if err := os.WriteFile(filepath.Join(dir, a.file), []byte(strings.Replace(a.program, "SNIPPET", snippet, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			program := a.command[0]
			if kind == "go.txt" {
				program = "go"
			}
			if _, err := exec.LookPath(program); err != nil {
				t.Skipf("it needs %s", program)
			}
			if kind == "go.txt" {
				build := exec.Command("go", "build", "-o", "main", "main.go")
				build.Dir = dir
				if said, err := build.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, said)
				}
			}
			for _, c := range []struct {
				name, sent, signature string
				body                  []byte
				genuine               bool
			}{
				{"what was sent", sent, good, body, true},
				{"what was sent while a secret is rotated", sent, other + " " + good, body, true},
				{"a body that was changed", sent, good, bytes.Replace(body, []byte("webhook.test"), []byte("webhook.tost"), 1), false},
				{"another's signature", sent, other, body, false},
				{"no signature", sent, "", body, false},
				{"what was sent an hour ago", old, stale, body, false},
			} {
				cmd := exec.Command(a.command[0], append(a.command[1:], id, c.sent, c.signature)...)
				cmd.Dir, cmd.Stdin, cmd.Env = dir, bytes.NewReader(c.body), append(os.Environ(), "WHSEC="+secret)
				said, err := cmd.CombinedOutput()
				if (err == nil) != c.genuine {
					t.Errorf("%s: got %v (%s), want genuine: %t", c.name, err, said, c.genuine)
				}
			}
		})
	}
}
