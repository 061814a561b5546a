// SPDX-License-Identifier: Apache-2.0
#include "house_rules.h"

#include <QTemporaryDir>
#include <QtTest>

#include <fstream>

using namespace shardlens;
namespace fs = std::filesystem;

namespace {

const std::string kLicence = "// SPDX-License-Identifier: Apache-2.0\n";
const fs::path kRoot = SHARDLENS_SOURCE_DIR;

house::Knowledge knowledge()
{
    return {house::headerNames(SHARDLENS_WIDGETS_INCLUDE, "QtWidgets"), house::headerNames(SHARDLENS_CHARTS_INCLUDE, "QtCharts")};
}

/// A small source tree that breaks nothing, to which a test adds the one thing that does.
class Tree {
public:
    Tree()
    {
        write("core/CMakeLists.txt", "add_subdirectory(base)\nadd_subdirectory(model)\n");
        write("core/base/result.h", kLicence + "#pragma once\nstruct Error {\n};\n");
        write("core/model/model.cpp", kLicence + "#include \"core/base/result.h\"\n#include <queue>\n");
        write("ui/CMakeLists.txt", "add_subdirectory(theme)\nadd_subdirectory(scene)\nadd_subdirectory(views)\n");
        write("ui/theme/theme.h", kLicence + "#pragma once\n#include \"core/model/model.h\"\n#include <QColor>\n");
        write("ui/scene/scene.cpp", kLicence + "#include \"ui/theme/theme.h\"\n#include <QPainter>\n");
        write("ui/views/curvechart.cpp", kLicence + "#include \"ui/scene/scene.h\"\n#include <QChart>\n#include <QWidget>\n");
        write("app/main.cpp", kLicence + "#include \"ui/views/curvechart.h\"\n#include \"core/base/result.h\"\n");
        write("ARCHITECTURE.md", "`base/` `model/` then `theme/` `scene/` `views/`\n");
    }
    void write(const std::string& path, const std::string& text) const
    {
        const fs::path file = root() / path;
        fs::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    [[nodiscard]] fs::path root() const { return m_directory.path().toStdString(); }

private:
    QTemporaryDir m_directory;
};

std::vector<std::string> all(const fs::path& root)
{
    std::vector<std::string> findings;
    const auto add = [&findings](const std::vector<std::string>& more) { findings.insert(findings.end(), more.begin(), more.end()); };
    add(house::checkIncludeOrder(root));
    add(house::checkQtPlaces(root, knowledge()));
    add(house::checkJsonPlaces(root));
    add(house::checkErrorClasses(root));
    add(house::checkFiles(root));
    add(house::checkArchitecture(root));
    return findings;
}

void requireNone(const std::vector<std::string>& findings)
{
    for (const std::string& finding : findings)
        qWarning("%s", finding.c_str());
    QVERIFY2(findings.empty(), findings.empty() ? "" : findings.front().c_str());
}

} // namespace

class TestHouse : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void includesPointDownwards() { requireNone(house::checkIncludeOrder(kRoot)); }
    void qtStaysInItsPlace() { requireNone(house::checkQtPlaces(kRoot, knowledge())); }
    void jsonStaysInSources() { requireNone(house::checkJsonPlaces(kRoot)); }
    void thereIsOneError() { requireNone(house::checkErrorClasses(kRoot)); }
    void filesAreInForm() { requireNone(house::checkFiles(kRoot)); }
    void architectureNamesEveryRoom() { requireNone(house::checkArchitecture(kRoot)); }

    void sourcesAreFound()
    {
        const auto files = house::readSources(kRoot);
        QVERIFY(files.size() > 50);
        QVERIFY(house::folderOrder(kRoot / "core").size() >= 9);
        QVERIFY(house::folderOrder(kRoot / "ui").size() >= 6);
        QVERIFY(knowledge().widgetHeaders.count("QPushButton") == 1);
        QVERIFY(knowledge().chartHeaders.count("QLineSeries") == 1);
    }

    void orderlyTreePasses()
    {
        const Tree tree;
        requireNone(all(tree.root()));
    }

    void eachViolationIsFound_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* name, const char* path, const std::string& text, const char* expected) {
            QTest::newRow(name) << QString::fromLatin1(path) << QString::fromStdString(text) << QString::fromLatin1(expected);
        };
        row("upwards in core", "core/base/a.cpp", kLicence + "#include \"core/model/model.h\"\n", "core/base/a.cpp:2");
        row("upwards in ui", "ui/theme/a.cpp", kLicence + "#include \"ui/scene/scene.h\"\n", "ui/theme/a.cpp:2");
        row("core sees ui", "core/model/a.cpp", kLicence + "#include \"ui/theme/theme.h\"\n", "core/model/a.cpp:2");
        row("ui sees app", "ui/views/a.cpp", kLicence + "#  include \"app/gui.h\"\n", "ui/views/a.cpp:2");
        row("command line sees ui", "app/cli/a.cpp", kLicence + "#include \"ui/theme/theme.h\"\n", "app/cli/a.cpp:2");
        row("not from the root", "core/base/a.cpp", kLicence + "#include \"result.h\"\n", "not written from the root");
        row("unlisted room", "core/attic/a.cpp", kLicence + "#include \"core/base/result.h\"\n", "attic is not a folder");
        row("Qt in core", "core/base/a.cpp", kLicence + "#include <QString>\n", "free of Qt");
        row("Qt module in core", "core/base/a.cpp", kLicence + "#include <QtCore/qglobal.h>\n", "free of Qt");
        row("Qt in the command line", "app/cli/a.cpp", kLicence + "#include <QString>\n", "free of Qt");
        row("core links Qt", "core/base/CMakeLists.txt", "target_link_libraries(a Qt6::Core)\n", "links Qt");
        row("widget in scene", "ui/scene/a.cpp", kLicence + "#include <QPushButton>\n", "QtGui only");
        row("widget by module", "ui/theme/a.cpp", kLicence + "#include <QtWidgets/QLabel>\n", "QtGui only");
        row("chart elsewhere", "ui/views/a.cpp", kLicence + "#include <QLineSeries>\n", "curvechart alone");
        row("json in a header", "core/base/a.h", kLicence + "#pragma once\n#include <nlohmann/json.hpp>\n", "json_fwd");
        row("second error", "core/model/a.h", kLicence + "#pragma once\nstruct ParseError {\n", "ParseError");
        row("exception", "core/model/a.h", kLicence + "#pragma once\nclass BadInputException : public Base {\n", "BadInputException");
        row("no licence", "core/base/a.cpp", "int a;\n", "licence");
        row("no pragma", "core/base/a.h", kLicence, "pragma once");
        row("upper case", "core/base/File.cpp", kLicence, "lower case");
        std::string longFile = kLicence;
        for (std::size_t i = 0; i < house::kMostLines; ++i)
            longFile += "\n";
        row("too long", "core/base/a.cpp", longFile, "601 lines");
        row("room without a word", "ARCHITECTURE.md", "`base/` then `theme/` `scene/` `views/`\n", "`model/`");
        row("rooms in the wrong order", "ARCHITECTURE.md", "`model/` `base/` `theme/` `scene/` `views/`\n", "before a room");
    }

    void eachViolationIsFound()
    {
        QFETCH(const QString, path);
        QFETCH(const QString, text);
        QFETCH(const QString, expected);
        const Tree tree;
        tree.write(path.toStdString(), text.toStdString());
        const std::vector<std::string> findings = all(tree.root());
        bool found = false;
        for (const std::string& finding : findings)
            found = found || QString::fromStdString(finding).contains(expected);
        QVERIFY2(found, findings.empty() ? "nothing was found" : findings.front().c_str());
    }

    void missingErrorIsFound()
    {
        const Tree tree;
        tree.write("core/base/result.h", kLicence + "#pragma once\n");
        QCOMPARE(house::checkErrorClasses(tree.root()).size(), std::size_t{1});
    }
};

QTEST_APPLESS_MAIN(TestHouse)
#include "tst_house.moc"
