// Package browsertest holds the tests that look at the pages in a browser. They are by themselves so that no other
// test waits for the browser's protocol to be compiled.
package browsertest
