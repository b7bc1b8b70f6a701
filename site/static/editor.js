// The editor of SQL on the page of a database and of a query of one's own, from Datasette's _codemirror_foot.html.
window.addEventListener("load", () => {
  const field = document.querySelector("textarea#sql-editor");
  const format = document.querySelector("button#sql-format");
  if (!field) return;
  const editor = CodeMirror.fromTextArea(field, {lineNumbers: true, mode: "text/x-sql", lineWrapping: true});
  editor.setOption("extraKeys", {"Shift-Enter": () => field.form.submit(), Tab: false});
  new ResizeObserver(() => editor.refresh()).observe(editor.getWrapperElement());
  // The field in which CodeMirror is typed has no label of its own.
  editor.getInputField().setAttribute("aria-label", "Custom SQL query");
  if (format) {
    format.hidden = false;
    format.addEventListener("click", () => editor.setValue(sqlFormatter.format(editor.getValue())));
  }
});
