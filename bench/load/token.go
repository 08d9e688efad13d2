//go:build linux

package load

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"
)

// TokenLife is how long the generator's tokens are valid: longer than any run.
const TokenLife = 6 * time.Hour

// User is the user id of connection i.
func User(i int) string { return "user-" + strconv.Itoa(i) }

// Token returns an HS256 token for the user, as the site's sign-in would issue it.
func Token(secret []byte, user string) string {
	const header = `{"alg":"HS256","typ":"JWT"}`
	now := time.Now()
	claims := fmt.Sprintf(`{"sub":%q,"name":%q,"iat":%d,"exp":%d}`,
		user, "User "+user, now.Unix(), now.Add(TokenLife).Unix())
	enc := base64.RawURLEncoding
	token := enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(token))
	return token + "." + enc.EncodeToString(mac.Sum(nil))
}
