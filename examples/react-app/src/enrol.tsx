import { useEnrolment } from "@prosopon/react-hooks";

export function Enrol() {
  const { start, phase, identity, failure } = useEnrolment();
  return (
    <label>
      Photos <input type="file" multiple onChange={({ target }) => start([...(target.files ?? [])])} />
      {failure?.message ?? (identity ? `${identity.faces.length} faces known` : phase)}
    </label>
  );
}
