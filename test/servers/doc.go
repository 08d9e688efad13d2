// Package servers starts the servers that tests need, from the
// programs that the machine has, and leaves none of them running: not after the
// tests, nor when the test process is killed.
package servers
