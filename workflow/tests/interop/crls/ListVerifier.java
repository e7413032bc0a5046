import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CRL;
import java.security.cert.CertPathValidator;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Answers a sheet of certificates and revocation lists: see judges.rs. Only the certificate at the end is checked. */
public final class ListVerifier {
    public static void main(String[] arguments) throws Exception {
        Sheet.answer(arguments[0], field -> verify(field[1], field[2], field[3], field[4]));
    }

    private static void verify(String leaf, String between, String roots, String lists) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<Certificate> path = new ArrayList<>(factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(leaf)))));
        path.addAll(factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(between)))));
        Set<TrustAnchor> anchors = new HashSet<>();
        for (Certificate root : factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(roots))))) {
            anchors.add(new TrustAnchor((X509Certificate) root, null));
        }
        List<CRL> crls = new ArrayList<>();
        for (String list : lists.split(":")) {
            crls.add(factory.generateCRL(new ByteArrayInputStream(Files.readAllBytes(Path.of(list)))));
        }

        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        checker.setOptions(EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK,
                PKIXRevocationChecker.Option.ONLY_END_ENTITY));
        PKIXParameters parameters = new PKIXParameters(anchors);
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(crls)));
        parameters.addCertPathChecker(checker);
        validator.validate(factory.generateCertPath(path), parameters);
    }
}
