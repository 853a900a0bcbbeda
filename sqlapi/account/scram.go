package account

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
)

// scramIterations is PostgreSQL's default. More would protect passwords that can be guessed: these have 256 random bits.
const scramIterations = 4096

// newSecret returns the text of a new API key, or a password: 32 random bytes in hexadecimal digits.
func newSecret() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// verifier returns what PostgreSQL keeps of a password. ALTER ROLE ... PASSWORD takes it in the password's place, so that no
// statement, and no log of statements, has the password.
//
// The form is that of pg_authid.rolpassword, https://www.postgresql.org/docs/current/catalog-pg-authid.html; the keys are those
// of RFC 5802, section 3. A password that is not ASCII would have to be normalized before (SASLprep): ours are hexadecimal digits.
func verifier(password string) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	return scramVerifier(password, salt, scramIterations)
}

func scramVerifier(password string, salt []byte, iterations int) (string, error) {
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	mac := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b64(salt), b64(stored[:]), b64(mac("Server Key"))), nil
}
