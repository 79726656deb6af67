package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// test is what CI runs: the checks, then every test on SQLite and on a PostgreSQL of its own.
func test(ctx context.Context, sh shell, args []string) (err error) {
	start := time.Now()
	if err := install(ctx, sh, compiler(ctx, sh), browser(sh), postgresPrograms()); err != nil {
		return err
	}
	if err := checks(ctx, sh); err != nil {
		return err
	}
	pg, err := startPostgres(ctx, sh)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.stop()) }()

	sh = sh.with("INSIGHTO_TEST_POSTGRES="+pg.url(), "INSIGHTO_TEST_BROWSER="+browserPath(sh))
	// vet has just run, with more of its checks than go test would ask for.
	line := []string{"go", "test", "-race", "-vet=off", "-count=1", "-timeout", "20m"}
	if err := sh.run(ctx, append(line, orAll(args)...)...); err != nil {
		return err
	}
	fmt.Fprintf(sh.out, "test: all fine in %s\n", took(start))
	return nil
}

// bench compares our answers with plain handlers and small tables with large ones, on both databases; with arguments it
// runs the benchmarks of those packages instead.
func bench(ctx context.Context, sh shell, args []string) (err error) {
	if err := install(ctx, sh, compiler(ctx, sh), postgresPrograms()); err != nil {
		return err
	}
	pg, err := startPostgres(ctx, sh)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.stop()) }()
	sh = sh.with("INSIGHTO_TEST_POSTGRES="+pg.url(), "INSIGHTO_BENCH=1")
	if len(args) > 0 {
		return sh.run(ctx, append([]string{"go", "test", "-run", "^$", "-bench", ".", "-benchmem"}, args...)...)
	}
	return sh.run(ctx, "go", "test", "-run", "^Test(Compare|Growth|Readers)", "-v", "-count=1", "-timeout", "60m", "./handlers")
}

func orAll(args []string) []string {
	if len(args) == 0 {
		return []string{"./..."}
	}
	return args
}
