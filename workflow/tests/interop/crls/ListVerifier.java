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
import java.util.List;
import java.util.Set;

/** Answers a sheet of certificates and revocation lists: see judges.rs. Only the certificate at the end is checked. */
public final class ListVerifier {
    public static void main(String[] arguments) throws Exception {
        Sheet.answer(arguments[0], field -> verify(field[1], field[2], field[3], field[4]));
    }

    private static void verify(String leaf, String between, String root, String list) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<Certificate> path = new ArrayList<>(factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(leaf)))));
        path.addAll(factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(between)))));
        X509Certificate anchor = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(root))));
        CRL crl = factory.generateCRL(new ByteArrayInputStream(Files.readAllBytes(Path.of(list))));

        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        checker.setOptions(EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK,
                PKIXRevocationChecker.Option.ONLY_END_ENTITY));
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(anchor, null)));
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(List.of(crl))));
        parameters.addCertPathChecker(checker);
        validator.validate(factory.generateCertPath(path), parameters);
    }
}
