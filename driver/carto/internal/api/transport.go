package api

import (
	"net"
	"net/http"
	"time"
)

// newTransport returns the transport of a client. There is no limit for the time until an answer: statements may run for
// minutes; that the other end is still there is what keep-alive finds out.
func newTransport() *http.Transport {
	dialer := &net.Dialer{
		Timeout:         10 * time.Second,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 15 * time.Second, Count: 4},
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 8,
		// Shorter than Node's 5 seconds: a connection that the server is closing is where answers get lost.
		IdleConnTimeout:    4 * time.Second,
		DisableCompression: true,
		ForceAttemptHTTP2:  true,
		HTTP2:              &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		WriteBufferSize:    64 << 10,
		ReadBufferSize:     64 << 10,
	}
}
