import java.io.ByteArrayInputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.CertPathValidator;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.Extension;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Answers a sheet of certificates and OCSP addresses: see judges.rs. Only the certificate at the end is checked. */
public final class StatusVerifier {
    public static void main(String[] arguments) throws Exception {
        Sheet.answer(arguments[0], field -> verify(field[1], field[2], field[3], field[6], field[7].equals("POST")));
    }

    private static void verify(String leaf, String between, String roots, String url, boolean post) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<Certificate> path = new ArrayList<>(factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(leaf)))));
        path.addAll(factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(between)))));
        Set<TrustAnchor> anchors = new HashSet<>();
        for (Certificate anchor : factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(roots))))) {
            anchors.add(new TrustAnchor((X509Certificate) anchor, null));
        }

        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        checker.setOptions(EnumSet.of(PKIXRevocationChecker.Option.NO_FALLBACK, PKIXRevocationChecker.Option.ONLY_END_ENTITY));
        checker.setOcspResponder(URI.create(url));
        if (post) {
            // A request of more than 255 characters is sent by POST (RFC 6960 appendix A.1).
            checker.setOcspExtensions(List.of(new Nonce()));
        }
        PKIXParameters parameters = new PKIXParameters(anchors);
        parameters.addCertPathChecker(checker);
        validator.validate(factory.generateCertPath(path), parameters);
    }

    /** A nonce of 100 octets (RFC 9654). */
    private static final class Nonce implements Extension {
        private final byte[] value = new byte[102];

        Nonce() {
            new SecureRandom().nextBytes(value);
            value[0] = 4;
            value[1] = 100;
        }

        @Override
        public String getId() {
            return "1.3.6.1.5.5.7.48.1.2";
        }

        @Override
        public boolean isCritical() {
            return false;
        }

        @Override
        public byte[] getValue() {
            return value;
        }

        @Override
        public void encode(java.io.OutputStream out) throws java.io.IOException {
            byte[] id = {6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2};
            out.write(new byte[] {0x30, (byte) (id.length + 2 + value.length)});
            out.write(id);
            out.write(new byte[] {4, (byte) value.length});
            out.write(value);
        }
    }
}
