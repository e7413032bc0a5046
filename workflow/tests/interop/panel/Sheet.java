
/** A sheet of questions, one on each line: see question.rs. Stands at the end of each program, so it imports nothing. */
final class Sheet {
    interface Question {
        /** Throws if the answer is no. */
        void ask(String[] field) throws Exception;
    }

    static void answer(String sheet, Question question) throws Exception {
        StringBuilder answers = new StringBuilder();
        for (String line : java.nio.file.Files.readAllLines(java.nio.file.Path.of(sheet))) {
            String[] field = line.split("\t");
            answers.append(field[0]).append('\t');
            try {
                question.ask(field);
                answers.append("ok\n");
            } catch (Exception refusal) {
                answers.append("no\t").append(String.valueOf(refusal.getMessage()).replaceAll("\\s+", " ")).append('\n');
            }
        }
        System.out.print(answers);
    }
}
