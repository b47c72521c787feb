from behave.contrib.csv_table_from_file import (
    process_examples_tables_with_marker_tag_and_use_csv_file,
)


def before_feature(context, feature):
    process_examples_tables_with_marker_tag_and_use_csv_file(feature, strict=True)
