package account_test

import (
	"context"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// A database is prepared, and a key made that may read one table.
func Example() {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, "postgres://postgres@127.0.0.1/gis")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close(ctx)
	result, err := account.Init(ctx, conn, account.InitOptions{Account: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the master key:", result.MasterKey)

	grant, err := account.ParseGrant("countries:select")
	if err != nil {
		log.Fatal(err)
	}
	key, err := account.AddKey(ctx, conn, "reader", []account.Grant{grant})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the reader's:", key)
}

// A server finds the PostgreSQL login that an API key stands for.
func ExampleSnapshot_Authenticate() {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, "postgres://postgres@127.0.0.1/gis")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close(ctx)
	snapshot, err := account.Load(ctx, conn)
	if err != nil {
		log.Fatal(err)
	}
	if login, ok := snapshot.Authenticate("an API key"); ok {
		fmt.Println("log in as", login.Role)
	}
}
