import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Signature;
import java.security.cert.CertPathValidator;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import sun.security.util.HostnameChecker;

/** Answers a sheet of questions: see question.rs. A certificate is good when CertPath, the trust manager of TLS and, where a
 * host is named, the rules of HTTPS say so. */
public final class PathVerifier {
    private static final CertificateFactory FACTORY = factory();
    private static final Map<String, X509TrustManager> MANAGERS = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        Sheet.answer(arguments[0], field -> verifier(field[1].equals("server"), field[2], field[3], field[4], field[5]));
    }

    private static void verifier(boolean server, String host, String leaf, String between, String root) throws Exception {
        List<X509Certificate> path = read(leaf);
        path.addAll(read(between));
        X509Certificate anchor = read(root).get(0);

        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(anchor, null)));
        parameters.setRevocationEnabled(false);
        CertPathValidator.getInstance("PKIX").validate(FACTORY.generateCertPath(path), parameters);

        X509Certificate[] chain = path.toArray(new X509Certificate[0]);
        X509TrustManager manager = manager(root, anchor);
        // TLS 1.3 names no key exchange.
        if (server) {
            manager.checkServerTrusted(chain, "UNKNOWN");
        } else {
            manager.checkClientTrusted(chain, "UNKNOWN");
        }
        if (server && !host.equals("-")) {
            HostnameChecker.getInstance(HostnameChecker.TYPE_TLS).match(host, chain[0]);
        }
        usable(chain[0]);
    }

    /** A path can be valid though TLS cannot use the key at its end. */
    private static void usable(X509Certificate certificate) throws Exception {
        String algorithm = switch (certificate.getPublicKey().getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> "Ed25519";
        };
        Signature.getInstance(algorithm).initVerify(certificate);
    }

    private static X509TrustManager manager(String root, X509Certificate anchor) throws Exception {
        X509TrustManager known = MANAGERS.get(root);
        if (known != null) {
            return known;
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry("root", anchor);
        TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
        managers.init(store);
        X509TrustManager made = (X509TrustManager) managers.getTrustManagers()[0];
        MANAGERS.put(root, made);
        return made;
    }

    private static List<X509Certificate> read(String file) throws Exception {
        List<X509Certificate> all = new ArrayList<>();
        byte[] text = Files.readAllBytes(Path.of(file));
        if (text.length > 0) {
            for (Certificate certificate : FACTORY.generateCertificates(new ByteArrayInputStream(text))) {
                all.add((X509Certificate) certificate);
            }
        }
        return all;
    }

    private static CertificateFactory factory() {
        try {
            return CertificateFactory.getInstance("X.509");
        } catch (Exception impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
