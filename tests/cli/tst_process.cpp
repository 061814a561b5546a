// SPDX-License-Identifier: Apache-2.0
// The program as others call it: standard output, standard error, exit status.
#include "app/cli/command_line.h"
#include "core/scenario/scenario_file.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QtTest>

#if SHARDLENS_WITH_GUI
#include <QImage>
#endif

using namespace shardlens;

namespace {

struct Run {
    int status = -1;
    QByteArray out;
    QByteArray err;
};

Run start(const QStringList& words, const QByteArray& input = {}, const QString& shell = {})
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_RUNTIME_DIR"})
        environment.remove(QString::fromLatin1(name));
    environment.insert(QStringLiteral("XDG_DATA_HOME"), QStringLiteral("/nonexistent")); // no entries of whoever runs the tests
    process.setProcessEnvironment(environment);
    const QString program = QStringLiteral(SHARDLENS_PROGRAM);
    if (shell.isEmpty())
        process.start(program, words);
    else
        process.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QString(shell).replace(QLatin1String("PROGRAM"), program)});
    process.write(input);
    process.closeWriteChannel();
    if (!process.waitForFinished(60'000) || process.exitStatus() != QProcess::NormalExit)
        return {-1, process.readAllStandardOutput(), process.readAllStandardError()};
    return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
}

QStringList split(const char* words)
{
    return QString::fromUtf8(words).split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

QByteArray caseStudyText()
{
    const ScenarioFile file{caseStudyScenario(builtinCatalog()), {}, {}};
    return QByteArray::fromStdString(printScenario(file, builtinCatalog()));
}

void write(const QString& name, const QByteArray& text)
{
    QFile file(name);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(text), text.size());
}

} // namespace

class TestProcess : public QObject {
    Q_OBJECT

    QTemporaryDir m_directory;
    [[nodiscard]] QString path(const char* name) const { return m_directory.filePath(QString::fromLatin1(name)); }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_directory.isValid());
        write(path("good.shardlens"), caseStudyText());
        QByteArray illegal = caseStudyText();
        illegal.replace("\"tensor\": 4", "\"tensor\": 6");
        QVERIFY(illegal != caseStudyText());
        write(path("illegal.shardlens"), illegal);
        write(path("truncated.shardlens"), caseStudyText().left(200));
        write(path("binary.shardlens"), QByteArray("\x7f"
                                                   "ELF\x02\x01\x01\0\0\0\xff\xfe",
                                                   12));
        write(path("empty.shardlens"), {});
        write(path("deep.shardlens"), QByteArray(100'000, '['));
        write(path("config.json"), "{\"model_type\": \"llama\"}");
    }

    void statuses_data()
    {
        QTest::addColumn<QString>("words");
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("out"); ///< a part of standard output; empty: it must be empty
        QTest::addColumn<QString>("err"); ///< the same of standard error
        const auto row = [](const char* words, int status, const char* out, const char* err) {
            QTest::newRow(*words ? words : "(none)")
                << QString::fromLatin1(words) << status << QString::fromLatin1(out) << QString::fromLatin1(err);
        };
        row("--help", 0, "shardlens evaluate", "");
        row("-h", 0, "shardlens render", "");
        row("--version", 0, "shardlens " SHARDLENS_VERSION "\n", "");
        row("evaluate --help", 0, "--attention-dp N", "");
        row("check --help", 0, "Usage: shardlens check FILE", "");
        row("catalog --help", 0, "models|accelerators|clusters", "");
        row("render --help", 0, "--theme light|dark|print", "");
        row("render --help", 0,
            "PICTURE is window, mesh, plate, timeline, memory, latency, roofline, operators, experts, disaggregation, trust "
            "or inspector.",
            "");
        row("evaluate", 0, "Llama-3-70B", "");
        row("evaluate --json", 0, "\"legal\": true", "");
        row("evaluate --details", 0, "Operators of a decode piece", "");
        row("evaluate --overlap 2", 2, "", "--overlap: found 2; allowed is a number from 0 to 1");
        row("evaluate --norms sharded --sends synchronous", 0, "norms sharded over TP, synchronous sends", "");
        row("evaluate --redundant-experts 4", 0, "Llama-3-70B", "--redundant-experts: no effect: Llama-3-70B has no experts.");
        row("evaluate --layers-per-stage 60,20", 0, "layers 60+20", "");
        row("evaluate --axis-order tp", 2, "", "--axis-order: found tp; allowed is each of tp,sp,attention-dp,pp,dp once");
        row("evaluate DIR/good.shardlens", 0, "Llama-3-70B", "");
        row("evaluate --tp 1", 0, "Does not fit", "");
        row("evaluate --tp 6", 3, "", "TP 6");
        row("evaluate --tp 6 --json", 3, "\"legal\": false", "TP 6");
        row("evaluate --tp 8 --pp 2", 3, "", "16");
        row("evaluate DIR/illegal.shardlens", 3, "", "DIR/illegal.shardlens: TP 6");
        row("evaluate --tp", 2, "", "--tp: needs a value");
        row("evaluate a b", 2, "", "takes at most one FILE");
        row("evaluate DIR/none.shardlens", 2, "", "DIR/none.shardlens: ");
        row("evaluate DIR", 2, "", "DIR: ");
        row("evaluate DIR/truncated.shardlens", 2, "", "DIR/truncated.shardlens: ");
        row("evaluate DIR/binary.shardlens", 2, "", "DIR/binary.shardlens: ");
        row("evaluate DIR/empty.shardlens", 2, "", "DIR/empty.shardlens: ");
        row("evaluate DIR/deep.shardlens", 2, "", "DIR/deep.shardlens: ");
        row("evaluate --model DIR/config.json", 2, "", "DIR/config.json: ");
        row("check DIR/good.shardlens", 0, "DIR/good.shardlens: readable, legal\n", "");
        row("check DIR/illegal.shardlens", 3, "DIR/illegal.shardlens: readable, not legal\n", "DIR/illegal.shardlens: TP 6");
        row("check DIR/truncated.shardlens", 2, "", "DIR/truncated.shardlens: ");
        row("check", 2, "", "takes exactly one FILE");
        row("check DIR/good.shardlens DIR/good.shardlens", 2, "", "takes exactly one FILE");
        row("catalog models", 0, "llama-3-70b", "");
        row("catalog accelerators", 0, "h100", "");
        row("catalog clusters", 0, "p5.48xlarge", "");
        row("catalog", 2, "", "takes one of models, accelerators, clusters, or --check");
        row("catalog --check", 0, "clusters: no problems", "");
        row("catalog --check a b", 2, "", "--check takes at most one ");
        row("catalog --check --json", 2, "", "--check takes at most one ");
        row("catalog --check /no/such/directory", 2, "1 problem", "/no/such/directory: a directory with folders");
        row("evaluate --check", 2, "", "--check");
        row("catalog planets", 2, "", "found planets; allowed is models, accelerators or clusters");
        row("evalaute", 2, "", "evalaute: is neither a file nor a command; did you mean evaluate?");
        row("DIR/none.shardlens", 2, "", "DIR/none.shardlens: is neither a file nor a command");
        row("DIR/truncated.shardlens", 2, "", "DIR/truncated.shardlens: ");
        row("--tp 4", 2, "", "--tp: is not a flag of shardlens");
        row("-", 2, "", "the window opens a file, not standard input");
        row("render", 2, "", "and then one of window, mesh, plate, ");
        row("render planet -o DIR/a.png", 2, "", "found planet; allowed is window, mesh, plate, timeline, ");
        row("render mesh", 2, "", "needs -o");
        row("render mesh -o DIR/a.jpg", 2, "", "-o: found DIR/a.jpg; allowed is a file name that ends in .png");
        row("render mesh --tp 6 -o DIR/a.png", 3, "", "TP 6");
        // What is pinned is refused with what may stand in its place.
        row("render inspector --select planet -o DIR/a.png", 2, "", "--select: found planet; allowed is one of tpot, ttft, fit, device:N");
        row("render inspector --select device:8 -o DIR/a.png", 2, "", "--select: found device:8; allowed is device:0 to device:7\n");
        row("render inspector --select memory:disk -o DIR/a.png", 2, "",
            "--select: found memory:disk; allowed is one of memory:weights, memory:kv");
        row("render inspector --select decode/warp -o DIR/a.png", 2, "", "--select: found decode/warp; allowed is one of decode/weights");
        row("render inspector --select expert:3 -o DIR/a.png", 2, "", "--select: found expert:3; Llama-3-70B has no routed experts");
        row("render inspector --select pool:prefill -o DIR/a.png", 2, "",
            "--select: found pool:prefill; prefill and decode share their devices");
        // A product is refused with the sentences of the algebra. No spaces here: the words are split at them.
        row("render plate --product A[I_Z,J].B[J,K] --mesh X=4 --shape I=8,J=8,K=8 -o DIR/a.png", 2, "",
            "--product: found Z; allowed is names of mesh axes: X");
        row("render plate --product A[I_X,J].B[J,K] --mesh X=4 --shape I=8,J=8 -o DIR/a.png", 2, "", "--shape: ");
        row("render plate --product A[I_X,J].B[J,K] --mesh X=4= --shape I=8,J=8,K=8 -o DIR/a.png", 2, "", "--mesh: ");
        row("render plate --product A[I_X,J].B[J,K] -o DIR/a.png", 2, "", "--product: needs --mesh");
        row("render mesh --product A[I_X,J].B[J,K] --mesh X=4 --shape I=8,J=8,K=8 -o DIR/a.png", 2, "", "belongs to the picture plate");
        row("render mesh --collective decode/nothing -o DIR/a.png", 2, "",
            "--collective: found decode/nothing; allowed is one of decode/output_proj, ");
        row("render mesh --tp 1 --collective decode/output_proj -o DIR/a.png", 2, "",
            "--collective: found decode/output_proj; this plan exchanges nothing");
        row("render plate --collective decode/output_proj -o DIR/a.png", 2, "", "--collective: belongs to the picture mesh");
        row("render plate --step 1 -o DIR/a.png", 2, "", "--step: says nothing without --product");
        row("render plate --product A[I_X,J].B[J,K] --mesh X=4 --shape I=8,J=8,K=8 --step 9 -o DIR/a.png", 2, "",
            "--step: found 9; this way ends after step 1");
        row("render plate --product A[I_X,J].B[J,K] --mesh X=4 --shape I=8,J=8,K=8 --way 999 -o DIR/a.png", 2, "", "--way: found 999");
#if SHARDLENS_WITH_GUI
        row("", 2, "", "there is no display");
        row("DIR/good.shardlens", 2, "", "there is no display");
        row("render mesh -o DIR/none/a.png", 2, "", "DIR/none/a.png: ");
#else
        row("", 2, "", "this build has no window");
#endif
    }
    void statuses()
    {
        QFETCH(const QString, words);
        QFETCH(const int, status);
        QFETCH(QString, out);
        QFETCH(QString, err);
        const auto placed = [this](const QString& text) { return QString(text).replace(QLatin1String("DIR"), m_directory.path()); };
        const Run run = start(placed(words).split(QLatin1Char(' '), Qt::SkipEmptyParts));
        QVERIFY2(run.status == status, QByteArray(QByteArray::number(run.status) + " " + run.err).constData());
        const auto holds = [&placed](const QByteArray& text, const QString& part) {
            return part.isEmpty() ? text.isEmpty() : QString::fromUtf8(text).contains(placed(part));
        };
        QVERIFY2(holds(run.out, out), run.out.constData());
        QVERIFY2(holds(run.err, err), run.err.constData());
        QVERIFY(run.out.isEmpty() || run.out.endsWith('\n'));
        QVERIFY(run.err.isEmpty() || run.err.endsWith('\n'));
        if (status == 2)
            QVERIFY2(run.err.count('\n') == 1, run.err.constData());
    }

#if SHARDLENS_WITH_GUI
    /// What the help lists for --show is what the views have; each view is drawn with all of its choices one after the other.
    void listedChoicesAreTaken()
    {
        const QStringList lines = QString::fromUtf8(start(split("render --help")).out).split(QLatin1Char('\n'));
        QHash<QString, QStringList> choices;
        QString view;
        for (const QString& line : lines) {
            if (!line.startsWith(QStringLiteral("  ")) || line.startsWith(QStringLiteral("  -"))) {
                view.clear();
                if (!choices.isEmpty())
                    break;
                continue;
            }
            if (line.at(2) != QLatin1Char(' '))
                view = line.mid(2).section(QLatin1Char(' '), 0, 0);
            const QString words = line.at(2) != QLatin1Char(' ') ? line.mid(2 + view.size()) : line;
            for (const QString& word : words.split(QRegularExpression(QStringLiteral("[,;]")), Qt::SkipEmptyParts))
                if (!word.trimmed().isEmpty())
                    choices[view] << word.trimmed();
        }
        QCOMPARE(choices.size(), 8);
        for (auto it = choices.cbegin(); it != choices.cend(); ++it) {
            QVERIFY(it.value().size() >= 2);
            const Run run = start({QStringLiteral("render"), it.key(), QStringLiteral("--model"), QStringLiteral("deepseek-v3"),
                                   QStringLiteral("--cluster"), QStringLiteral("hgx-h200"), QStringLiteral("--show"),
                                   it.value().join(QLatin1Char(',')), QStringLiteral("-o"), path("choices.png")});
            QVERIFY2(run.status == 0, qPrintable(it.key() + QStringLiteral(": ") + QString::fromUtf8(run.err)));
        }
        const Run wrong = start({QStringLiteral("render"), QStringLiteral("roofline"), QStringLiteral("--show"), QStringLiteral("links"),
                                 QStringLiteral("-o"), path("choices.png")});
        QCOMPARE(wrong.status, 2);
        QCOMPARE(wrong.err,
                 QByteArray("--show: found links; allowed is one of bytes:hbm, bytes:link, phase:both, phase:prefill, phase:decode\n"));
    }

    void picturesFollowWhatIsAskedOfThem()
    {
        const auto drawn = [this](const QString& words, int status) {
            const QString file = path("asked.png");
            QFile::remove(file);
            const Run run = start(words.split(QLatin1Char(' ')) + QStringList{QStringLiteral("-o"), file});
            if (run.status != status)
                qWarning("%s: %d %s", qPrintable(words), run.status, run.err.constData());
            QFile picture(file);
            return picture.open(QIODevice::ReadOnly) ? picture.readAll() : QByteArray();
        };
        const auto differ = [&](const QString& words, const QString& more) {
            const QByteArray plain = drawn(words, 0);
            const QByteArray other = drawn(words + QLatin1Char(' ') + more, 0);
            return !plain.isEmpty() && !other.isEmpty() && plain != other;
        };
        QVERIFY(differ(QStringLiteral("render roofline"), QStringLiteral("--show link")));
        QVERIFY(differ(QStringLiteral("render trust"), QStringLiteral("--show constants")));
        QVERIFY(differ(QStringLiteral("render operators"), QStringLiteral("--filter proj")));
        QVERIFY(differ(QStringLiteral("render operators"), QStringLiteral("--sort name")));
        // Without a size a table is as high as its rows: one with more of them is higher.
        const auto heightOf = [&](const QString& words) { return QImage::fromData(drawn(words, 0)).height(); };
        const int all = heightOf(QStringLiteral("render operators --model deepseek-v3 --cluster hgx-h200 --tp 8"));
        QVERIFY(all > 900);
        QVERIFY(heightOf(QStringLiteral("render operators --model deepseek-v3 --cluster hgx-h200 --tp 8 --filter proj")) < all / 2);
        QCOMPARE(heightOf(QStringLiteral("render operators --size 1280x720")), 720);
        QVERIFY(differ(QStringLiteral("render timeline"), QStringLiteral("--text-scale 1.5")));
        QVERIFY(differ(QStringLiteral("render experts --model deepseek-v3 --cluster hgx-h200 --tp 8 --ep 8 --routing-skew 1"),
                       QStringLiteral("--show mean-of-all-orders")));
        // As small as a dock can be; and a plan that breaks a rule, which the status still says.
        QVERIFY(!drawn(QStringLiteral("render mesh --size 330x150"), 0).isEmpty());
        for (const QString& picture :
             {QStringLiteral("mesh"), QStringLiteral("window"), QStringLiteral("inspector"), QStringLiteral("timeline")})
            QVERIFY(!drawn(QStringLiteral("render %1 --tp 6").arg(picture), 3).isEmpty());
    }
#endif

    void standardInputIsAFile()
    {
        QCOMPARE(start(split("check -"), caseStudyText()).out, QByteArray("standard input: readable, legal\n"));
        QCOMPARE(start(split("evaluate - --json"), caseStudyText()).out, start(split("evaluate --json")).out);
        const Run broken = start(split("evaluate -"), "{");
        QCOMPARE(broken.status, 2);
        QVERIFY2(broken.err.startsWith("standard input: "), broken.err.constData());
    }

    void jsonIsOneObjectWithTheAgreedFields()
    {
        const Run run = start(split("evaluate --reserve 0 --json"));
        QJsonParseError error;
        const QJsonObject object = QJsonDocument::fromJson(run.out, &error).object();
        QCOMPARE(error.error, QJsonParseError::NoError);
        for (const char* key :
             {"schema", "mode", "devices", "legal", "violations", "warnings", "memory", "prefill", "decode", "timeline", "serving"})
            QVERIFY2(object.contains(QLatin1String(key)), key);
        const QJsonObject decode = object.value(QLatin1String("decode")).toObject();
        double sum = 0;
        for (const char* cause : {"weights", "kv", "compute", "communication", "bubble", "overhead"})
            sum += decode.value(QLatin1String("breakdown_s")).toObject().value(QLatin1String(cause)).toDouble(-1e9);
        QVERIFY(qAbs(sum / decode.value(QLatin1String("time_s")).toDouble() - 1) < 1e-9);
        QVERIFY(decode.value(QLatin1String("operators")).toArray().size() > 5);
        QCOMPARE(object.value(QLatin1String("devices")).toInt(), 8);
    }

    /// Entries in the user's data folder: used, said when they take a shipped one's place, left out when they are bad.
    void usersOwnEntries()
    {
        QTemporaryDir home;
        const auto run = [&home](const QString& words) {
            return start({}, {}, QStringLiteral("XDG_DATA_HOME=%1 PROGRAM %2").arg(home.path(), words));
        };
        const QString models = home.filePath(QStringLiteral("shardlens/catalog/models"));
        QVERIFY(QDir().mkpath(models));
        QVERIFY(run(QStringLiteral("evaluate")).err.isEmpty());
        QFile shipped(QStringLiteral(SHARDLENS_SOURCE_DIR "/resources/catalog/models/llama-3-8b.json"));
        QVERIFY(shipped.open(QIODevice::ReadOnly));
        const QByteArray text = shipped.readAll();
        write(models + QStringLiteral("/mine.json"), QByteArray(text).replace("\"llama-3-8b\"", "\"mine\""));
        write(models + QStringLiteral("/llama-3-8b.json"), QByteArray(text).replace("\"Llama-3-8B\"", "\"My Llama\""));
        write(models + QStringLiteral("/bad.json"), "{\"id\": 7}");

        const Run evaluated = run(QStringLiteral("evaluate --model mine --cluster p5.48xlarge"));
        QCOMPARE(evaluated.status, 0);
        QVERIFY2(evaluated.err.contains("llama-3-8b.json: takes the place of the shipped model llama-3-8b\n"), evaluated.err.constData());
        QVERIFY2(evaluated.err.contains("models/bad.json: /id: found 7") && evaluated.err.contains("this entry is left out\n"),
                 evaluated.err.constData());
        const Run listed = run(QStringLiteral("catalog models"));
        QVERIFY(listed.out.contains("My Llama") && listed.out.contains("\nmine "));
        QVERIFY(listed.err.contains("takes the place of"));
        // The check looks at both catalogs.
        const Run checked = run(QStringLiteral("catalog --check"));
        QCOMPARE(checked.status, 2);
        QVERIFY2(checked.err.contains("models/bad.json: /id: found 7"), checked.err.constData());
        const Run directory =
            start({QStringLiteral("catalog"), QStringLiteral("--check"), home.filePath(QStringLiteral("shardlens/catalog"))});
        QCOMPARE(directory.status, 2);
        QVERIFY2(directory.out.startsWith("2 models, 0 accelerators, 0 clusters, 1 file that holds no entry: "), directory.out.constData());
    }

    void catalogsAreJsonArrays_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<int>("least");
        QTest::newRow("models") << QStringLiteral("models") << 20;
        QTest::newRow("accelerators") << QStringLiteral("accelerators") << 20;
        QTest::newRow("clusters") << QStringLiteral("clusters") << 12;
    }
    void catalogsAreJsonArrays()
    {
        QFETCH(const QString, kind);
        QFETCH(const int, least);
        const Run run = start({QStringLiteral("catalog"), kind, QStringLiteral("--json")});
        QCOMPARE(run.status, 0);
        const QJsonArray list = QJsonDocument::fromJson(run.out).array();
        QVERIFY(list.size() >= least);
        // The table has a header and the same entries, each with a source.
        const Run table = start({QStringLiteral("catalog"), kind});
        QCOMPARE(table.out.count('\n'), list.size() + 1);
        for (const QJsonValue& entry : list) {
            QVERIFY(!entry.toObject().value(QLatin1String("source")).toString().isEmpty());
            QVERIFY(table.out.contains(entry.toObject().value(QLatin1String("id")).toString().toUtf8()));
        }
    }

    void outputThatCannotBeWrittenIsASentence()
    {
        if (!QFile::exists(QStringLiteral("/dev/full")))
            QSKIP("this system has no /dev/full");
        const Run full = start({}, {}, QStringLiteral("PROGRAM catalog models > /dev/full"));
        QCOMPARE(full.status, 2);
        QVERIFY2(full.err.startsWith("standard output: cannot be written: "), full.err.constData());
        const Run closed = start({}, {}, QStringLiteral("PROGRAM evaluate --json >&-"));
        QCOMPARE(closed.status, 2);
        // The reader is gone before anything is written.
        const Run pipe = start({}, {}, QStringLiteral("{ sleep 0.3; PROGRAM evaluate --json; echo status $? >&2; } | true"));
        QVERIFY2(pipe.err.contains("standard output: cannot be written: ") && pipe.err.contains("status 2"), pipe.err.constData());
    }

#if SHARDLENS_WITH_GUI
    void drawsWithoutADisplay_data()
    {
        QTest::addColumn<QString>("view");
        for (const char* view : {"window", "mesh", "timeline", "memory", "latency"})
            QTest::newRow(view) << QString::fromLatin1(view);
    }
    void drawsWithoutADisplay()
    {
        QFETCH(const QString, view);
        const QString file = m_directory.filePath(view + QLatin1String(".png"));
        const QStringList words{QStringLiteral("render"),  view, QStringLiteral("-o"), file, QStringLiteral("--size"),
                                QStringLiteral("1280x800")};
        const Run run = start(words + QStringList{QStringLiteral("--scale"), QStringLiteral("1.5")});
        QVERIFY2(run.status == 0, run.err.constData());
        QVERIFY2(run.out.isEmpty() && run.err.isEmpty(), run.err.constData());
        const QImage picture(file);
        QCOMPARE(picture.size(), QSize(1920, 1200));
        // Not one flat colour, and not the same in the dark theme.
        QVERIFY(picture.convertToFormat(QImage::Format_RGB32).scaled(64, 64) != QImage(64, 64, QImage::Format_RGB32));
        QCOMPARE(start(words + QStringList{QStringLiteral("--theme"), QStringLiteral("dark")}).status, 0);
        const QImage dark(file);
        QCOMPARE(dark.size(), QSize(1280, 800));
        QVERIFY(qGray(dark.scaled(1, 1, Qt::IgnoreAspectRatio, Qt::SmoothTransformation).pixel(0, 0)) < 96);
        QVERIFY(qGray(picture.scaled(1, 1, Qt::IgnoreAspectRatio, Qt::SmoothTransformation).pixel(0, 0)) > 160);
    }

    /// The steps of a collective as frames: another picture than the mesh alone, another for each collective, and on paper too.
    void drawsACollective()
    {
        const auto draw = [this](const QString& words) {
            const QString file = m_directory.filePath(QStringLiteral("collective.png"));
            QFile::remove(file);
            const Run run = start(QStringLiteral("render mesh --size 900x600 %1 -o").arg(words).split(QLatin1Char(' '), Qt::SkipEmptyParts)
                                  + QStringList{file});
            return run.status == 0 && run.out.isEmpty() && run.err.isEmpty() ? QImage(file) : QImage();
        };
        QSet<QByteArray> different;
        for (const char* words : {"", "--collective decode/output_proj", "--collective decode/send", "--theme print",
                                  "--theme print --collective decode/output_proj"}) {
            const QImage picture = draw(QString::fromLatin1(words));
            QVERIFY2(picture.size() == QSize(900, 600), words);
            different.insert(QByteArray(reinterpret_cast<const char*>(picture.constBits()), picture.sizeInBytes()));
        }
        QCOMPARE(different.size(), 5);
    }

    void everyPictureIsSilentInEveryTheme_data()
    {
        QTest::addColumn<QString>("view");
        for (const std::string_view view : cli::kPictureNames)
            QTest::newRow(view.data()) << QString::fromLatin1(view.data());
    }
    /// Not a word, not even from Qt about the display that is not there; and no theme is another one's picture.
    void everyPictureIsSilentInEveryTheme()
    {
        QFETCH(const QString, view);
        const QSize size = view == QLatin1String("window") ? QSize(1024, 700) : QSize(480, 300);
        QList<QImage> pictures;
        for (const char* theme : {"light", "dark", "print", "contrast"}) {
            const QString file = m_directory.filePath(view + QLatin1Char('-') + QLatin1String(theme) + QLatin1String(".png"));
            const Run run =
                start({QStringLiteral("render"), view, QStringLiteral("-o"), file, QStringLiteral("--size"),
                       QStringLiteral("%1x%2").arg(size.width()).arg(size.height()), QStringLiteral("--theme"), QLatin1String(theme)});
            QVERIFY2(run.status == 0 && run.out.isEmpty() && run.err.isEmpty(), run.err.constData());
            const QImage picture(file);
            QCOMPARE(picture.size(), size);
            for (const QImage& other : pictures)
                QVERIFY2(picture != other, theme);
            pictures << picture;
        }
    }
#endif
};

QTEST_GUILESS_MAIN(TestProcess)
#include "tst_process.moc"
