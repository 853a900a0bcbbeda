package sqlapi_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/ogrcarto/ogrcarto/sqlapi"
)

// A server for the account of a database, until the program is told to stop. "ogrcarto serve" is this with flags.
func ExampleNew() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	api, err := sqlapi.New(ctx, sqlapi.Config{
		Postgres: "postgres://postgres:secret@127.0.0.1:5432/gis",
		Limits: []sqlapi.Rule{
			{Key: "default_public", Endpoint: sqlapi.EndpointSQL, Limit: sqlapi.Limit{Timeout: 5 * time.Second, Concurrent: 4}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "127.0.0.1:8080", Handler: api, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.Background()) // waits for the requests
		_ = api.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func ExampleParseRate() {
	rate, err := sqlapi.ParseRate("15/s:30")
	fmt.Println(rate.Count, rate.Per, rate.Burst, err)
	_, err = sqlapi.ParseRate("often")
	fmt.Println(err)
	// Output:
	// 15 1s 30 <nil>
	// rate "often": want COUNT/UNIT[:BURST] with unit s, m or h, as in 15/s, or off
}
