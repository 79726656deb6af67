package main

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

type exportCommand struct {
	Team      string `required:"" help:"The team whose conversations they are."`
	From      string `placeholder:"DAY" help:"The first day or moment: 2026-11-20, or 2026-11-20T08:00:00Z. From the first conversation otherwise."`
	To        string `placeholder:"DAY" help:"The last day or moment, included. To the newest conversation otherwise."`
	Timezone  string `placeholder:"ZONE" help:"Where days begin, such as Europe/Berlin; UTC otherwise."`
	Assistant string `placeholder:"ID" help:"Only conversations with this assistant."`
	Status    string `default:"" enum:",open,closed" placeholder:"STATUS" help:"Only open or only closed ones."`
	Include   string `default:"" enum:",messages" placeholder:"messages" help:"messages: also what was said."`
	Format    string `default:"ndjson" enum:"ndjson,csv" help:"ndjson, which import reads, or csv."`
	After     string `placeholder:"CURSOR" help:"Go on after the line with this cursor."`
	File      string `arg:"" optional:"" help:"The file to make, compressed when its name ends in .gz; stdout otherwise. One that is there is never overwritten."`
}

// Run writes whole lines, oldest first, and says where to go on.
func (c *exportCommand) Run(ctx context.Context, w *world) error {
	filter, err := c.filter()
	if err != nil {
		return err
	}
	store, err := w.existing(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	team, err := teamNamed(ctx, store, c.Team)
	if err != nil {
		return err
	}
	to, err := c.open(w)
	if err != nil {
		return err
	}
	messages := c.Include != ""
	rows := store.Export(db.Operator(team.ID), filter, messages)
	return c.write(ctx, w, archive.NewExporter(rows, messages, c.Format), to)
}

// spanFlags is how the flags speak of a span.
var spanFlags = db.SpanWords{
	From: "--from", To: "--to", Zone: "--timezone",
	HowToDate: "That is no date we can read. Write 2026-11-20, or 2026-11-20T08:00:00Z.",
}

// filter reads what the flags narrow the export to.
func (c *exportCommand) filter() (f db.ConversationFilter, err error) {
	f.Status = c.Status
	if f.AssistantID = strings.ToLower(c.Assistant); c.Assistant != "" && !db.IsID(f.AssistantID) {
		return f, usageError{fmt.Sprintf("--assistant: %q is no UUID", c.Assistant)}
	}
	if c.After != "" {
		if f.After, err = db.ParseCursor(c.After); err != nil {
			return f, usageError{"--after: that is no cursor of ours; take the one that an export said last, or that stands in its last line"}
		}
	}
	f.From, f.Until, err = db.Between(cmp.Or(c.From, "1970-01-01"), cmp.Or(c.To, "9999-12-31"), c.Timezone, spanFlags)
	var problems db.Problems
	if errors.As(err, &problems) {
		return f, usageError{problems[0].Field + ": " + problems[0].Text}
	}
	return f, err
}

// open gives what to write to: the new file, or stdout.
func (c *exportCommand) open(w *world) (io.WriteCloser, error) {
	if c.File == "" || c.File == "-" {
		return open{Writer: w.out}, nil
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s exists already; an export never overwrites a file", c.File)
	}
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(c.File, ".gz") {
		return open{f, []func() error{f.Sync, f.Close}}, nil
	}
	z := gzip.NewWriter(f)
	return open{z, []func() error{z.Close, f.Sync, f.Close}}, nil
}

// open is a writer and what ends it.
type open struct {
	io.Writer
	ends []func() error
}

// Close ends it, and gives all that went wrong.
func (o open) Close() (err error) {
	for _, end := range o.ends {
		err = errors.Join(err, end())
	}
	return err
}

func (c *exportCommand) write(ctx context.Context, w *world, e *archive.Exporter, to io.WriteCloser) error {
	started, bar := w.now(), newProgress(w, 0)
	bar.show = bar.show && !(c.File == "" && isTerminal(w.out))
	written, last, err := int64(0), e.Cursor(), error(nil)
	for err == nil {
		var piece []byte
		if piece, err = e.Next(ctx); err != nil {
			break
		}
		if _, err = to.Write(piece); err != nil {
			break
		}
		written, last = e.Lines(), e.Cursor()
		bar.read += int64(len(piece))
		bar.draw(int(written))
	}
	bar.done()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	err = errors.Join(err, to.Close())
	w.say("%s conversations in %.1f s.", thousands(int(written)), w.now().Sub(started).Seconds())
	if !last.IsZero() {
		w.say("The last cursor is %[1]s: --after %[1]s goes on from there.", last)
	}
	return err
}
