// Time of one certificate with Go's crypto/x509: `main CA.key CA.crt REQUEST.csr TIMES` prints the median microseconds
// from PEM to PEM, with the key loaded. Checks the signature of the request only.
package main

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"sort"
	"strconv"
	"time"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func block(path string) []byte {
	found, _ := pem.Decode(must(os.ReadFile(path)))
	return found.Bytes
}

func main() {
	key := must(x509.ParsePKCS8PrivateKey(block(os.Args[1])))
	issuer := must(x509.ParseCertificate(block(os.Args[2])))
	text := must(os.ReadFile(os.Args[3]))
	times := must(strconv.Atoi(os.Args[4]))
	took := make([]time.Duration, times)
	limit := new(big.Int).Lsh(big.NewInt(1), 158)
	for i := range took {
		start := time.Now()
		found, _ := pem.Decode(text)
		request := must(x509.ParseCertificateRequest(found.Bytes))
		if err := request.CheckSignature(); err != nil {
			panic(err)
		}
		template := &x509.Certificate{
			SerialNumber:          must(rand.Int(rand.Reader, limit)),
			Subject:               pkix.Name{CommonName: request.Subject.CommonName},
			NotBefore:             start.Add(-time.Hour),
			NotAfter:              start.AddDate(1, 0, 0),
			KeyUsage:              x509.KeyUsageDigitalSignature,
			ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			BasicConstraintsValid: true,
			DNSNames:              request.DNSNames,
		}
		der := must(x509.CreateCertificate(rand.Reader, template, issuer, request.PublicKey, key))
		_ = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		took[i] = time.Since(start)
	}
	sort.Slice(took, func(a, b int) bool { return took[a] < took[b] })
	fmt.Printf("%.1f\n", float64(took[(times-1)/2].Nanoseconds())/1000)
}
