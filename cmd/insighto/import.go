package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/insighto/insighto/db"
)

const (
	batchLines = 200
	batchBytes = 8 << 20  // of lines, so that a file of long ones needs no more memory
	lineMax    = 64 << 20 // an export may write a line of many long messages
)

type importCommand struct {
	Team   string   `required:"" help:"The team that the conversations go to."`
	Strict bool     `help:"Stop at the first bad line, before writing anything of its batch of ${batch} lines."`
	Files  []string `arg:"" name:"file" help:"NDJSON files, one conversation a line, also compressed with gzip; - is stdin."`
}

// Run imports the files one after the other. Bad lines are said and left out; any of them makes the exit code 1.
func (c *importCommand) Run(ctx context.Context, w *world) error {
	size, err := sizeOf(c.Files)
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
	i := &importing{
		world: w, store: store, p: db.Operator(team.ID), strict: c.Strict,
		started: w.now(), bar: newProgress(w, size), counts: map[db.Imported]int{},
	}
	err = i.files(ctx, c.Files)
	i.summary()
	if err == nil && i.refused > 0 {
		return errSaid
	}
	return err
}

// sizeOf adds up the files, before the first is read, so that a slip in the last name does not cost the others' time.
// It is 0 when stdin is among them.
func sizeOf(files []string) (size int64, err error) {
	stdin := false
	for _, name := range files {
		if stdin = stdin || name == "-"; name == "-" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return 0, err
		}
		if info.IsDir() {
			return 0, fmt.Errorf("%s is a folder, not a file", name)
		}
		size += info.Size()
	}
	if stdin {
		return 0, nil
	}
	return size, nil
}

// importing is one run of the command.
type importing struct {
	*world
	store   *db.Store
	p       db.Principal
	strict  bool
	started time.Time
	bar     *progress

	name  string // of the file at hand
	line  int    // of the line at hand
	batch []db.ArchivedConversation
	bytes int

	counts   map[db.Imported]int
	messages int
	refused  int
}

var errStrict = errors.New("stopped at the first bad line, as --strict asks; nothing of its batch was written")

func (i *importing) files(ctx context.Context, names []string) error {
	defer i.bar.done()
	for _, name := range names {
		if err := i.file(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (i *importing) file(ctx context.Context, name string) error {
	i.name, i.line = name, 0
	source := i.in
	if name == "-" {
		i.name = "stdin"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		source = f
	}
	lines, err := unpacked(i.bar.reading(source))
	if err != nil {
		return i.broken(err)
	}
	for ctx.Err() == nil {
		line, tooLong, err := i.next(lines)
		if err == io.EOF { //nolint:errorlint // bufio gives it bare
			return i.write()
		}
		if err != nil {
			return i.broken(err)
		}
		if err := i.take(line, tooLong); err != nil {
			return err
		}
	}
	return fmt.Errorf("stopped before line %d of %s: the same command again goes on from there, since what is in already stays as it is", i.line+1-len(i.batch), i.name)
}

// unpacked reads through gzip when the first two bytes say so.
func unpacked(r io.Reader) (*bufio.Reader, error) {
	packed := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := packed.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return packed, nil
	}
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	return bufio.NewReaderSize(z, 64<<10), nil
}

// broken explains a file that ends in the middle or is no gzip after all. The whole lines before are imported.
func (i *importing) broken(err error) error {
	if !i.strict {
		if err := i.write(); err != nil {
			return err
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		return fmt.Errorf("%s is damaged after line %d: the compressed data breaks off or does not fit its checksum", i.name, i.line)
	}
	return fmt.Errorf("%s cannot be read after line %d: %w", i.name, i.line, err)
}

// next gives the next line without its end, nothing of one that is too long; io.EOF comes after the last.
func (i *importing) next(lines *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := lines.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > lineMax; tooLong {
			line = nil
		} else {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) && len(line) == 0 && !tooLong {
			return nil, false, io.EOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, false, err
		}
		i.line++
		return bytes.TrimSpace(line), tooLong, nil
	}
}

// take adds a line to the batch, and writes the batch when it is full. Empty lines are passed over.
func (i *importing) take(line []byte, tooLong bool) error {
	if len(line) == 0 && !tooLong {
		return nil
	}
	c, reason := conversationOf(line)
	if tooLong {
		reason = fmt.Sprintf("The line is longer than %d MiB.", lineMax>>20)
	}
	if reason != "" {
		i.bar.clear()
		i.say("%s:%d: %s", i.name, i.line, reason)
		if i.refused++; i.strict {
			return errStrict
		}
		return nil
	}
	i.batch, i.bytes = append(i.batch, c), i.bytes+len(line)
	if len(i.batch) < batchLines && i.bytes < batchBytes {
		return nil
	}
	return i.write()
}

// write imports the batch to its end, whatever signal comes meanwhile.
func (i *importing) write() error {
	if len(i.batch) == 0 {
		return nil
	}
	results, err := i.store.Import(context.Background(), i.p, i.batch)
	if err != nil {
		return err
	}
	for n, result := range results {
		i.counts[result]++
		i.messages += len(i.batch[n].Messages)
	}
	i.batch, i.bytes = i.batch[:0], 0
	i.bar.draw(i.line)
	return nil
}

func (i *importing) summary() {
	seconds := i.now().Sub(i.started).Seconds()
	i.say("%s new, %s unchanged, %s changed, %s refused; %s messages in %.1f s (%s a second).",
		thousands(i.counts[db.ImportedNew]), thousands(i.counts[db.ImportedUnchanged]), thousands(i.counts[db.ImportedChanged]),
		thousands(i.refused), thousands(i.messages), seconds, thousands(int(float64(i.messages)/max(seconds, 0.001))))
}

// thousands writes 39706 as 39,706.
func thousands(n int) string {
	text := fmt.Sprint(n)
	var b strings.Builder
	for at, digit := range text {
		if at > 0 && (len(text)-at)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}
