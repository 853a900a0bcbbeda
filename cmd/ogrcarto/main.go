// Command ogrcarto describes and copies vector data. See "ogrcarto --help".
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/ogrcarto/ogrcarto/driver/all"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the work in order; with the handler gone, the second one kills.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, all.Drivers(), os.Args[1:], os.Stdout, os.Stderr))
}
