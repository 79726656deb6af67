// Package syncs counts how often the program tells the disk to keep what it wrote. A test binary that imports it has
// this fsync and fdatasync in the place of the C library's, for all C code in it; Go code makes its own system calls.
package syncs

/*
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long made;

int fsync(int fd) {
	atomic_fetch_add(&made, 1);
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
	atomic_fetch_add(&made, 1);
	return (int)syscall(SYS_fdatasync, fd);
}

static long syncs_made(void) { return atomic_load(&made); }
*/
import "C"

// Made is how many syncs C code has made since the program started.
func Made() int { return int(C.syncs_made()) }
