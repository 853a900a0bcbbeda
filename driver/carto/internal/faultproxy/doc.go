// Package faultproxy stands between a client of CARTO's SQL API and its server, and breaks things: for tests.
//
// What happens to a request is decided by a random generator that is seeded with the proxy's seed and the request's number, so
// that a run can be repeated wherever requests come in the same order. A fault that says "not run" has not reached the server;
// one that says "lost" has, or may have. Nothing here runs a statement and then says that it failed, other than with statuses
// that leave it open, such as 500 and 502.
package faultproxy
