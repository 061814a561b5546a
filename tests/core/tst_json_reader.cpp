// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/json_reader.h"

#include <QtTest>

#include <limits>

using namespace shardlens;

namespace {

QString text(const std::string& value)
{
    return QString::fromStdString(value);
}

/// The sentence of the first error when `json` is parsed and `read` is applied to its root; empty when all is well.
template <class Read>
QString errorOf(std::string_view json, Read read, UnknownKeys policy = UnknownKeys::Refuse)
{
    const Result<JsonDocument> document = JsonDocument::parse(json, "f.json");
    if (!document.ok())
        return text(document.error().sentence());
    JsonReader reader(document.value(), policy);
    JsonObject root = reader.root();
    read(root);
    root.finish();
    return reader.failed() ? text(reader.error().sentence()) : QString();
}

} // namespace

class TestJsonReader : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void refusesText_data();
    void refusesText();
    void keepsLimits();
    void survivesEveryTruncation();
    void refusesValue_data();
    void refusesValue();
    void readsValues();
    void staysHarmlessAfterAnError();
    void refusesOrCollectsUnknownKeys();
    void shortensHostileText();
};

void TestJsonReader::refusesText_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("mentions");
    QTest::newRow("empty") << QByteArray("") << "an empty file";
    QTest::newRow("blanks") << QByteArray(" \n\t") << "nothing but blanks";
    QTest::newRow("truncated") << QByteArray("{\"a\": 1,\n \"b\"") << "line 2";
    QTest::newRow("text after") << QByteArray("{} x") << "not valid JSON";
    QTest::newRow("two values") << QByteArray("{}{}") << "not valid JSON";
    QTest::newRow("NaN") << QByteArray("{\"a\": NaN}") << "not valid JSON";
    QTest::newRow("infinity") << QByteArray("{\"a\": -Infinity}") << "not valid JSON";
    QTest::newRow("overflow") << QByteArray("{\"a\": 1e999}") << "not valid JSON";
    QTest::newRow("comment") << QByteArray("{} // x") << "not valid JSON";
    QTest::newRow("trailing comma") << QByteArray("[1,]") << "not valid JSON";
    QTest::newRow("single quotes") << QByteArray("{'a': 1}") << "not valid JSON";
    QTest::newRow("bad UTF-8") << QByteArray("{\"a\": \"\xc3\x28\"}") << "not valid JSON";
    QTest::newRow("overlong UTF-8") << QByteArray("{\"\xc0\xaf\": 1}") << "not valid JSON";
    QTest::newRow("lone surrogate") << QByteArray("{\"a\": \"\\ud800\"}") << "not valid JSON";
    QTest::newRow("NUL inside") << QByteArray("{\"a\0b\": 1}", 10) << "not valid JSON";
    QTest::newRow("binary") << QByteArray("\x7f\x45LF\x02\x01\x01\0\0\0", 10) << "not valid JSON";
    QTest::newRow("same key twice") << QByteArray("{\"p\": {\"a\": 1, \"a\": 2}}") << "/p/a: found the same key twice";
    QTest::newRow("same key twice in an array")
        << QByteArray("{\"p\": [0, {\"a~/\": 1, \"a~/\": 2}]}") << "/p/1/a~0~1: found the same key twice";
    QTest::newRow("array at the top") << QByteArray("[1, 2]") << "found an array of 2; an object is expected";
    QTest::newRow("number at the top") << QByteArray("17") << "found 17; an object is expected";
}

void TestJsonReader::refusesText()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, mentions);
    const QString sentence = errorOf(std::string_view(json.constData(), static_cast<std::size_t>(json.size())), [](JsonObject&) {});
    QVERIFY2(sentence.startsWith(QLatin1String("f.json: ")), qPrintable(sentence));
    QVERIFY2(sentence.contains(mentions), qPrintable(sentence));
    QVERIFY(!sentence.contains(QLatin1Char('\n')));
    QVERIFY2(!sentence.contains(QLatin1String("exception")), qPrintable(sentence));
}

void TestJsonReader::keepsLimits()
{
    const auto nested = [](int depth) {
        return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
    };
    QVERIFY(JsonDocument::parse(nested(64), "f").ok());
    const Result<JsonDocument> deep = JsonDocument::parse(nested(65), "f");
    QVERIFY(!deep.ok());
    QVERIFY(text(deep.error().sentence()).contains(QLatin1String("at most 64 nested")));
    QVERIFY(!JsonDocument::parse(std::string(1'000'000, '['), "f").ok());
    std::string objects;
    for (int i = 0; i < 100'000; ++i)
        objects += "{\"a\":";
    QVERIFY(!JsonDocument::parse(objects, "f").ok());

    const std::string big = '"' + std::string(100, 'x') + '"';
    QVERIFY(JsonDocument::parse(big, "f", {.bytes = big.size()}).ok());
    const Result<JsonDocument> larger = JsonDocument::parse(big, "f", {.bytes = big.size() - 1});
    QVERIFY(!larger.ok());
    QCOMPARE(text(larger.error().sentence()), QStringLiteral("f: found 102 B; at most 101 B are read"));
}

void TestJsonReader::survivesEveryTruncation()
{
    const std::string whole = R"({"a": [1, -2.5e3, true, null, "\u00e9\n"], "b": {"c": "x", "d": {}}})";
    QVERIFY(JsonDocument::parse(whole, "f").ok());
    for (std::size_t length = 0; length < whole.size(); ++length)
        QVERIFY2(!JsonDocument::parse(std::string_view(whole).substr(0, length), "f").ok(), qPrintable(QString::number(length)));
}

void TestJsonReader::refusesValue_data()
{
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("sentence");
    const auto row = [](const char* name, const char* value, const char* kind, const char* sentence) {
        QTest::newRow(name) << QByteArray(value) << QString::fromUtf8(kind) << QString::fromUtf8(sentence);
    };
    row("int text", "\"8\"", "int", "f.json: /a: found \"8\"; a whole number from 1 to 1,000 is allowed");
    row("int zero", "0", "int", "f.json: /a: found 0; a whole number from 1 to 1,000 is allowed");
    row("int negative", "-8", "int", "f.json: /a: found -8; a whole number from 1 to 1,000 is allowed");
    row("int large", "1001", "int", "f.json: /a: found 1001; a whole number from 1 to 1,000 is allowed");
    row("int fraction", "8.5", "int", "f.json: /a: found 8.5; a whole number from 1 to 1,000 is allowed");
    row("int 1e30", "1e30", "int", "f.json: /a: found 1e+30; a whole number from 1 to 1,000 is allowed");
    row("int over 64 bits", "18446744073709551615", "int",
        "f.json: /a: found 18446744073709551615; a whole number from 1 to 1,000 is allowed");
    row("int 2^32 + 8", "4294967304", "int", "f.json: /a: found 4294967304; a whole number from 1 to 1,000 is allowed");
    row("int array", "[1]", "int", "f.json: /a: found an array of 1; a whole number from 1 to 1,000 is allowed");
    row("int null", "null", "int", "f.json: /a: found null; a whole number from 1 to 1,000 is allowed");
    row("int bool", "true", "int", "f.json: /a: found true; a whole number from 1 to 1,000 is allowed");
    row("double negative", "-0.5", "double", "f.json: /a: found -0.5; a number from 0 to 1 is allowed");
    row("double large", "1e30", "double", "f.json: /a: found 1e+30; a number from 0 to 1 is allowed");
    row("double text", "\"0.5\"", "double", "f.json: /a: found \"0.5\"; a number from 0 to 1 is allowed");
    row("bool number", "1", "bool", "f.json: /a: found 1; true or false is allowed");
    row("string number", "1", "string", "f.json: /a: found 1; a text of at most 5 bytes is allowed");
    row("string long", "\"123456\"", "string", "f.json: /a: found \"123456\"; a text of at most 5 bytes is allowed");
    row("choice other", "\"bf17\"", "choice", "f.json: /a: found \"bf17\"; one of bf16, fp8 or int4 is allowed");
    row("choice number", "3", "choice", "f.json: /a: found 3; one of bf16, fp8 or int4 is allowed");
    row("object array", "[]", "object", "f.json: /a: found an array of 0; an object is expected");
    row("array object", "{}", "array", "f.json: /a: found an object; an array of 1 to 2 values is expected");
    row("array long", "[1, 2, 3]", "array", "f.json: /a: found an array of 3; an array of 1 to 2 values is expected");
    row("array empty", "[]", "array", "f.json: /a: found an array of 0; an array of 1 to 2 values is expected");
}

void TestJsonReader::refusesValue()
{
    QFETCH(QByteArray, value);
    QFETCH(QString, kind);
    QFETCH(QString, sentence);
    static constexpr std::string_view kNames[] = {"bf16", "fp8", "int4"};
    const std::string json = "{\"a\": " + value.toStdString() + "}";
    const auto read = [&kind](JsonObject& root) {
        if (kind == QLatin1String("int"))
            QCOMPARE(root.requiredInt("a", 1, 1000), 1);
        else if (kind == QLatin1String("double"))
            QCOMPARE(root.requiredDouble("a", 0, 1), 0.0);
        else if (kind == QLatin1String("bool"))
            QCOMPARE(root.requiredBool("a"), false);
        else if (kind == QLatin1String("string"))
            QCOMPARE(root.requiredString("a", 5), std::string());
        else if (kind == QLatin1String("choice"))
            QCOMPARE(root.requiredChoice("a", kNames), std::size_t{0});
        else if (kind == QLatin1String("object"))
            QVERIFY(root.requiredObject("a").keys().empty());
        else
            QCOMPARE(root.requiredArray("a", 1, 2).size(), std::size_t{0});
    };
    QCOMPARE(errorOf(json, read), sentence);
}

void TestJsonReader::readsValues()
{
    const auto read = [](JsonObject& root) {
        QCOMPARE(root.requiredInt("int", -5, 5), -5);
        QCOMPARE(root.requiredInt("float that is whole", 1, 10), 8);
        QCOMPARE(root.requiredInt64("int64", 0, std::numeric_limits<std::int64_t>::max()), std::numeric_limits<std::int64_t>::max());
        QCOMPARE(root.requiredDouble("double", 0, 1e12), 3.35e12 / 1e3);
        QCOMPARE(root.requiredBool("bool"), true);
        QCOMPARE(root.requiredString("string"), std::string("\u00e9/~"));
        static constexpr std::string_view kNames[] = {"ring", "switch"};
        QCOMPARE(root.requiredChoice("choice", kNames), std::size_t{1});
        JsonObject object = root.requiredObject("object");
        QVERIFY(!object.optionalInt("absent", 0, 1));
        QVERIFY(!object.hasValue("null"));
        QVERIFY(object.has("null"));
        object.finish();
        const JsonArray array = root.requiredArray("array", 0, 3);
        QCOMPARE(array.size(), std::size_t{3});
        QCOMPARE(array.at(2).asInt(0, 9), 7);
    };
    const QString sentence =
        errorOf(R"({"int": -5, "float that is whole": 8.0, "int64": 9223372036854775807, "double": 3.35e9, "bool": true,
        "string": "\u00e9/~", "choice": "switch", "object": {"null": null}, "array": [5, 6, 7]})",
                read);
    QCOMPARE(sentence, QString());
}

void TestJsonReader::staysHarmlessAfterAnError()
{
    const auto read = [](JsonObject& root) {
        JsonObject missing = root.requiredObject("a/b");
        QCOMPARE(missing.requiredInt("x", 3, 4), 3);
        QCOMPARE(missing.requiredArray("y").size(), std::size_t{0});
        QCOMPARE(missing.requiredArray("y").at(9).asObject().requiredString("z"), std::string());
        QVERIFY(!missing.optionalBool("x"));
    };
    QCOMPARE(errorOf("{}", read), QStringLiteral("f.json: /a~1b: this key is missing"));
    const auto nested = [](JsonObject& root) { (void)root.requiredArray("list").at(1).asObject().requiredInt("n", 0, 1); };
    QCOMPARE(errorOf(R"({"list": [{}, {"n": 2}]})", nested),
             QStringLiteral("f.json: /list/1/n: found 2; a whole number from 0 to 1 is allowed"));
}

void TestJsonReader::refusesOrCollectsUnknownKeys()
{
    const std::string_view json = R"({"known": 1, "new": {"x": [1]}, "sub": {"k": 1, "also/new": 2}})";
    const auto read = [](JsonObject& root) {
        (void)root.requiredInt("known", 0, 9);
        JsonObject sub = root.requiredObject("sub");
        (void)sub.requiredInt("k", 0, 9);
        sub.finish();
    };
    QCOMPARE(errorOf(json, read), QStringLiteral("f.json: /sub/also~1new: found an unknown key; known here are k"));

    const Result<JsonDocument> document = JsonDocument::parse(json, "f.json");
    QVERIFY(document.ok());
    JsonReader reader(document.value(), UnknownKeys::Collect);
    JsonObject root = reader.root();
    read(root);
    root.finish();
    QVERIFY(!reader.failed());
    QCOMPARE(reader.unknown(), (std::vector<std::string>{"/sub/also~1new", "/new"}));
}

void TestJsonReader::shortensHostileText()
{
    const std::string longKey(100'000, 'k');
    const std::string json = "{\"" + longKey + "\": \"" + std::string(100'000, 'v') + "\"}";
    const QString wrongType = errorOf(json, [&longKey](JsonObject& root) { (void)root.requiredInt(longKey, 0, 1); });
    QVERIFY(wrongType.size() < 700);
    QVERIFY(wrongType.contains(QStringLiteral("vv\u2026\"")));
    QVERIFY(errorOf(json, [](JsonObject&) {}).size() < 700);
    QVERIFY(errorOf("{\"a\": \"" + std::string(100'000, 'x'), [](JsonObject&) {}).size() < 700);
    // A cut never falls inside a character: 30 two-byte characters fill the 60 bytes that a value may take.
    std::string accents = "x";
    for (int i = 0; i < 100; ++i)
        accents += "\u00e9";
    const QString cut = errorOf("{\"a\": \"" + accents + "\"}", [](JsonObject& root) { (void)root.requiredBool("a"); });
    QVERIFY(!cut.contains(QChar::ReplacementCharacter));
    QVERIFY(cut.contains(QStringLiteral("\u00e9\u2026\"")));
}

QTEST_APPLESS_MAIN(TestJsonReader)
#include "tst_json_reader.moc"
