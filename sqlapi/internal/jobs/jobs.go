// Package jobs is the queue of batch queries.
package jobs
