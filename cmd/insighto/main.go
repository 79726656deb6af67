// Command insighto serves Insighto and looks after its database.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/mattn/go-isatty"

	"github.com/insighto/insighto/db"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// world is all that a command can touch.
type world struct {
	database string
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
}

// manual is the whole command line.
type manual struct {
	Help     helpFlag `short:"h" help:"Show this manual, or that of a command."`
	Database string   `default:"insighto.db" placeholder:"PATH|URL" help:"The database: a SQLite file (default insighto.db), or postgres://user:password@host:5432/name."`

	Serve   serveCommand   `cmd:"" help:"Serve the pages and the API."`
	User    userCommand    `cmd:"" help:"Add people, or stop them from signing in."`
	Team    teamCommand    `cmd:"" help:"Set what a team may do."`
	Key     keyCommand     `cmd:"" help:"Create, list, revoke and delete API keys."`
	Import  importCommand  `cmd:"" help:"Import conversations from NDJSON files; again is harmless."`
	Export  exportCommand  `cmd:"" help:"Export conversations, as import reads them or as CSV."`
	Migrate migrateCommand `cmd:"" help:"Make the database, or bring its tables up to date. serve does it too."`
	Backup  backupCommand  `cmd:"" help:"Copy the SQLite database to a new file, while it is in use."`
	Version versionCommand `cmd:"" help:"Say which version this is."`
}

// What run answers with.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

var (
	errHelped = errors.New("the manual was shown")
	errSaid   = errors.New("what went wrong was said already")
)

// usageError is a command line that makes no sense.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// run does what the arguments say and gives the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, in io.Reader, out, err io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl+C ends the program at once
	w := &world{in: in, out: out, err: err, now: time.Now}
	return w.explain(w.command(ctx, args, getenv))
}

func (w *world) command(ctx context.Context, args []string, getenv func(string) string) error {
	var m manual
	parser, err := kong.New(&m,
		kong.Name("insighto"),
		kong.Description("Insighto, self-hosted: people make personal API keys, and their scripts read the team's conversations."),
		kong.Writers(w.out, w.err),
		kong.NoDefaultHelp(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ValueFormatter(withVariable),
		kong.Resolvers(environment(getenv)),
		kong.Vars{"batch": strconv.Itoa(batchLines)},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(w),
	)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if errors.Is(err, errHelped) {
		return nil
	}
	if err != nil {
		return usageError{err.Error()}
	}
	w.database = m.Database
	return parsed.Run()
}

// explain says what went wrong, for the person at the terminal, and gives the exit code.
func (w *world) explain(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errSaid):
	case errors.As(err, &usage):
		w.say("insighto: %s.\nRun insighto -h for the manual.", strings.TrimSuffix(usage.text, "."))
		return exitUsage
	default:
		for _, sentence := range sentences(err) {
			w.say("insighto: %s", sentence)
		}
	}
	return exitFailed
}

// sentences are what a person is told of an error; the cause that some carry is not for them.
func sentences(err error) []string {
	var problems db.Problems
	var known *db.Error
	switch {
	case errors.As(err, &problems):
		var all []string
		for _, p := range problems {
			all = append(all, p.Text)
		}
		return all
	case errors.As(err, &known):
		return []string{known.Text}
	case errors.Is(err, context.Canceled):
		return []string{"Stopped."}
	}
	return []string{strings.TrimSuffix(err.Error(), ".") + "."}
}

// open opens the database and brings its tables up to date.
func (w *world) open(ctx context.Context) (*db.Store, error) {
	return db.Open(ctx, w.database, w.now)
}

// existing is open for commands that make no sense without a database: a slip in its name must not make a new one.
func (w *world) existing(ctx context.Context) (*db.Store, error) {
	if err := w.exists(); err != nil {
		return nil, err
	}
	return w.open(ctx)
}

func (w *world) exists() error {
	if db.IsPostgres(w.database) {
		return nil
	}
	if _, err := os.Stat(w.database); err != nil {
		return fmt.Errorf("there is no database at %s: name another with --database, or make this one with insighto migrate", w.database)
	}
	return nil
}

// say tells the person something that is not the command's result.
func (w *world) say(format string, args ...any) { fmt.Fprintf(w.err, format+"\n", args...) }

// isTerminal tells whether a reader or writer is a person's terminal.
func isTerminal(stream any) bool {
	f, isFile := stream.(*os.File)
	return isFile && isatty.IsTerminal(f.Fd())
}

type helpFlag bool

// BeforeReset shows the manual before anything else on the command line can be wrong.
func (helpFlag) BeforeReset(ctx *kong.Context) error {
	if err := ctx.PrintUsage(false); err != nil {
		return err
	}
	return errHelped
}

// variable is the environment variable of a flag.
func variable(flag string) string {
	return "INSIGHTO_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// environment gives flags that are not on the command line the value of their variable.
func environment(getenv func(string) string) kong.ResolverFunc {
	return func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if value := getenv(variable(flag.Name)); value != "" && flag.Name != "help" {
			return value, nil
		}
		return nil, nil
	}
}

func withVariable(value *kong.Value) string {
	if value.Flag == nil || value.Name == "help" {
		return value.Help
	}
	return value.Help + " ($" + variable(value.Name) + ")"
}
