package main

import (
	"os"
	"strings"
	"testing"
)

// Each command is known to those who have go-task, and each task runs one that is there.
func TestTaskfileHasEveryCommand(t *testing.T) {
	body, err := os.ReadFile("../../Taskfile.yml")
	if err != nil {
		t.Fatal(err)
	}
	tasks := map[string]bool{}
	for line := range strings.Lines(string(body)) {
		if _, rest, runs := strings.Cut(line, "go run ./cmd/dev "); runs {
			tasks[strings.Fields(rest)[0]] = true
		}
	}
	for _, c := range commands() {
		if !tasks[c.name] {
			t.Errorf("%s: got no task, want one in Taskfile.yml", c.name)
		}
		delete(tasks, c.name)
	}
	delete(tasks, "help")
	for name := range tasks {
		t.Errorf("%s: got a task, want a command of that name", name)
	}
}
