package account

import (
	"encoding/base64"
	"testing"
)

func TestSCRAMVerifier(t *testing.T) {
	for _, test := range []struct{ password, salt, want string }{
		// RFC 7677, section 3: the exchange of user "user" with the password "pencil". The keys are what verifies its proof
		// and its signature.
		{"pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="},
	} {
		salt, err := base64.StdEncoding.DecodeString(test.salt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := scramVerifier(test.password, salt, 4096)
		if err != nil || got != test.want {
			t.Errorf("%s, %v, want %s", got, err, test.want)
		}
	}
}

func TestAtLeast(t *testing.T) {
	for version, want := range map[string]bool{
		"2.4.0": true, "2.4": true, "2.4dev": true, "3.3.2": true, "3.0": true, "10.1": true, "2.5.0dev": true,
		"2.3.9": false, "1.9": false, "2": false, "": false, "x.y": false,
	} {
		if got := atLeast(version, 2, 4); got != want {
			t.Errorf("%q: %v, want %v", version, got, want)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	s := &Snapshot{public: Login{Key: PublicName, Kind: Public, Role: "p", Password: "x"}, keys: []Key{{Name: PublicName, Kind: Public, Role: "p"}}}
	for _, key := range []string{"", DefaultPublic} {
		if l, ok := s.Authenticate(key); !ok || l != s.public {
			t.Errorf("%q: %+v %v", key, l, ok)
		}
	}
	for _, key := range []string{"x", " ", "default_public ", "\x00"} {
		if l, ok := s.Authenticate(key); ok || l != (Login{}) {
			t.Errorf("%q: %+v %v", key, l, ok)
		}
	}
}
