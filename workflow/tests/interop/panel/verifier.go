// Answers a sheet of questions with Go's crypto/x509: see question.rs.
package main

import (
	"bufio"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
)

func read(path string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []*x509.Certificate
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			return all, nil
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, certificate)
	}
}

func pool(path string) (*x509.CertPool, error) {
	certificates, err := read(path)
	all := x509.NewCertPool()
	for _, certificate := range certificates {
		all.AddCert(certificate)
	}
	return all, err
}

// A path can be valid though TLS cannot use the key at its end.
func usable(certificate *x509.Certificate) error {
	key, isRSA := certificate.PublicKey.(*rsa.PublicKey)
	if !isRSA {
		return nil
	}
	err := rsa.VerifyPKCS1v15(key, crypto.SHA256, make([]byte, 32), make([]byte, key.Size()))
	if err == rsa.ErrVerification {
		return nil
	}
	return err
}

func verifier(purpose, host, leaf, between, root string) error {
	roots, err := pool(root)
	if err != nil {
		return err
	}
	intermediates, err := pool(between)
	if err != nil {
		return err
	}
	certificates, err := read(leaf)
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: intermediates}
	if purpose == "server" {
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	} else {
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	if host != "-" {
		options.DNSName = host
	}
	if _, err = certificates[0].Verify(options); err != nil {
		return err
	}
	return usable(certificates[0])
}

func main() {
	sheet, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(sheet)
	for lines.Scan() {
		field := strings.Split(lines.Text(), "\t")
		if err := verifier(field[1], field[2], field[3], field[4], field[5]); err != nil {
			fmt.Printf("%s\tno\t%s\n", field[0], strings.Join(strings.Fields(err.Error()), " "))
		} else {
			fmt.Printf("%s\tok\n", field[0])
		}
	}
}
